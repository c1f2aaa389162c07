import { CfnOutput, Stack, type App, type Environment } from "aws-cdk-lib";
import * as ec2 from "aws-cdk-lib/aws-ec2";
import * as iam from "aws-cdk-lib/aws-iam";
import { makeServices, type ServiceOptions } from "./services.ts";
import { makeStorage } from "./storage.ts";
import { makeWatch } from "./watch.ts";

/** An installation on AWS. The API itself runs at the edge (`apps/edge-api/wrangler.jsonc`) and comes in through the edge's user. */
export interface PlatformOptions extends ServiceOptions {
  readonly env: Environment;
  /** Where browsers may send references from. */
  readonly webOrigins: readonly string[];
  readonly alarmEmail?: string | undefined;
}

/** Queue, objects, database, workers, deliverers, alarms: all that is not at the edge. */
export const platformStack = (app: App, id: string, options: PlatformOptions): Stack => {
  const stack = new Stack(app, id, { env: options.env, description: "DEADiff Studio: queue, objects, database, workers" });
  const vpc = new ec2.Vpc(stack, "Network", { maxAzs: 2, natGateways: 1 });
  const storage = makeStorage(stack, vpc, options.webOrigins);
  const services = makeServices(stack, vpc, storage, options);
  makeWatch(stack, storage, services, options.alarmEmail);

  // The edge signs with keys of its own, made by hand for this user: no secret is ever in a template.
  const edge = new iam.User(stack, "Edge");
  storage.jobs.grantSendMessages(edge);
  storage.bucket.grantReadWrite(edge);
  new CfnOutput(stack, "EdgeUser", { value: edge.userName });
  return stack;
};
