import { App } from "aws-cdk-lib";
import { Match, Template } from "aws-cdk-lib/assertions";
import { beforeAll, expect, test } from "vitest";
import { platformStack } from "../src/aws/stack.ts";

let template: Template;
beforeAll(() => {
  const app = new App({ analyticsReporting: false });
  const stack = platformStack(app, "Test", {
    env: { account: "111122223333", region: "eu-central-1" },
    gpuImage: "registry.example/worker-gpu:1", cpuImage: "registry.example/worker-cpu:1",
    webOrigins: ["https://studio.example"], workersMin: 1, workersMax: 6, alarmEmail: "ops@studio.example",
  });
  template = Template.fromStack(stack);
}, 180_000);

test("messages that fail ten times go to a queue of their own, for longer than jobs wait", () => {
  template.hasResourceProperties("AWS::SQS::Queue", { VisibilityTimeout: 60, MessageRetentionPeriod: 345_600, RedrivePolicy: Match.objectLike({ maxReceiveCount: 10 }) });
  template.hasResourceProperties("AWS::SQS::Queue", { MessageRetentionPeriod: 1_209_600 });
});

test("pictures are private, encrypted, sent by browsers of the web app alone, and never expire behind the database's back", () => {
  template.hasResource("AWS::S3::Bucket", {
    DeletionPolicy: "Retain",
    Properties: Match.objectLike({
      PublicAccessBlockConfiguration: { BlockPublicAcls: true, BlockPublicPolicy: true, IgnorePublicAcls: true, RestrictPublicBuckets: true },
      CorsConfiguration: { CorsRules: [Match.objectLike({ AllowedOrigins: ["https://studio.example"], AllowedMethods: ["GET", "PUT", "HEAD"] })] },
      LifecycleConfiguration: { Rules: [Match.objectLike({ ExpirationInDays: Match.absent() }), Match.objectLike({ ExpirationInDays: Match.absent() })] },
    }),
  });
});

test("the database is Postgres 18, in two zones, encrypted, backed up, and kept when the stack goes", () => {
  template.hasResource("AWS::RDS::DBInstance", { DeletionPolicy: "Retain", Properties: Match.objectLike({ Engine: "postgres", EngineVersion: "18", MultiAZ: true, StorageEncrypted: true, BackupRetentionPeriod: 7, DeletionProtection: true, PubliclyAccessible: false }) });
});

test("a worker has a graphics processor, the right role and time to give its jobs back; a deliverer needs none", () => {
  const container = (role: string) => ({ Command: Match.arrayWith([Match.stringLikeRegexp("exec node --max-semi-space-size=1 --optimize-for-size apps/gpu-worker/src/main.ts$")]), Environment: Match.arrayWith([{ Name: "DEADIFF_ROLE", Value: role }]), StopTimeout: 110, Secrets: Match.arrayWith([Match.objectLike({ Name: "DB_PASSWORD" })]) });
  template.hasResourceProperties("AWS::ECS::TaskDefinition", { RequiresCompatibilities: ["EC2"], ContainerDefinitions: [Match.objectLike({ ...container("work"), ResourceRequirements: [{ Type: "GPU", Value: "1" }] })] });
  template.hasResourceProperties("AWS::ECS::TaskDefinition", { RequiresCompatibilities: ["FARGATE"], ContainerDefinitions: [Match.objectLike({ ...container("deliver"), ResourceRequirements: Match.absent() })] });
  template.hasResourceProperties("AWS::EC2::LaunchTemplate", { LaunchTemplateData: Match.objectLike({ InstanceType: "g6.xlarge", MetadataOptions: { HttpTokens: "required" } }) });
});

test("workers follow the queue's depth within their bounds", () => {
  template.hasResourceProperties("AWS::ApplicationAutoScaling::ScalableTarget", { MinCapacity: 1, MaxCapacity: 6 });
  template.hasResourceProperties("AWS::CloudWatch::Alarm", { MetricName: "ApproximateNumberOfMessagesVisible", Threshold: 10, AlarmActions: Match.anyValue() });
});

test("what must not stay unseen raises an alarm by mail, and every alarm says what it means", () => {
  template.hasResourceProperties("AWS::SNS::Subscription", { Protocol: "email", Endpoint: "ops@studio.example" });
  const alarms = Object.values(template.findResources("AWS::CloudWatch::Alarm", { Properties: { OKActions: Match.anyValue() } })) as { Properties: { AlarmDescription?: string } }[];
  expect(alarms).toHaveLength(7);
  for (const { Properties } of alarms) expect(Properties.AlarmDescription).toMatch(/\.$/);
  template.resourceCountIs("AWS::CloudWatch::Dashboard", 1);
});

test("no secret is in the template, and nothing is open to the world", () => {
  const text = JSON.stringify(template.toJSON());
  expect(text).not.toMatch(/AKIA|AWS::IAM::AccessKey|"MasterUserPassword":"(?!\{\{resolve)/);
  expect(text).not.toMatch(/"CidrIp":"0\.0\.0\.0\/0","(?:Description":"[^"]*","FromPort|FromPort)":(?:22|5432)/);
});
