// Writes the CloudFormation template to infra/cdk.out: `npm run synth -w @deadiff/infra`. Needs no account and no network.
import { fileURLToPath } from "node:url";
import { App } from "aws-cdk-lib";
import { readAwsEnv } from "./env.ts";
import { platformStack } from "./stack.ts";

const env = readAwsEnv();
const app = new App({ analyticsReporting: false, outdir: fileURLToPath(new URL("../../cdk.out", import.meta.url)) });
platformStack(app, "DeadiffStudio", {
  env: { account: env.CDK_DEFAULT_ACCOUNT, region: env.CDK_DEFAULT_REGION },
  gpuImage: env.WORKER_GPU_IMAGE,
  cpuImage: env.WORKER_CPU_IMAGE,
  webOrigins: env.WEB_ORIGINS,
  workersMin: env.WORKERS_MIN,
  workersMax: env.WORKERS_MAX,
  alarmEmail: env.ALARM_EMAIL,
});
console.log(app.synth().directory);
