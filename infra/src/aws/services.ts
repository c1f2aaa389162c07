import { Duration, type Stack } from "aws-cdk-lib";
import * as autoscaling from "aws-cdk-lib/aws-autoscaling";
import * as ec2 from "aws-cdk-lib/aws-ec2";
import * as ecs from "aws-cdk-lib/aws-ecs";
import * as iam from "aws-cdk-lib/aws-iam";
import * as logs from "aws-cdk-lib/aws-logs";
import { WORKER_NODE_ARGS } from "../node-args.ts";
import type { Storage } from "./storage.ts";

/** The processes: workers with a graphics processor each, and the deliverers that need none. */
export interface Services {
  readonly workers: ecs.Ec2Service;
  readonly deliver: ecs.FargateService;
}

/** Images and sizes of the processes. */
export interface ServiceOptions {
  /** The image of `infra/docker/worker-gpu.Dockerfile`. */
  readonly gpuImage: string;
  /** The image of `infra/docker/worker-cpu.Dockerfile`. */
  readonly cpuImage: string;
  readonly workersMin: number;
  readonly workersMax: number;
}

const STATUS_PORT = 9464;
/** Longer than a worker's own patience, so that it gives its jobs back before it is killed. */
const STOP_TIMEOUT = Duration.seconds(110);

/** The database's address is put together where the process starts: its parts are secrets, and never in the template. */
const COMMAND = ["sh", "-c", `export DATABASE_URL="postgres://$DB_USER:$DB_PASSWORD@$DB_HOST:$DB_PORT/$DB_NAME?sslmode=require"; exec node ${WORKER_NODE_ARGS.join(" ")} apps/gpu-worker/src/main.ts`];

const secretsOf = ({ database }: Storage): Record<string, ecs.Secret> => {
  const { secret } = database;
  if (secret === undefined) throw new Error("the database has no generated secret");
  const field = (name: string) => ecs.Secret.fromSecretsManager(secret, name);
  return { DB_USER: field("username"), DB_PASSWORD: field("password"), DB_HOST: field("host"), DB_PORT: field("port"), DB_NAME: field("dbname") };
};

const containerOf = (stack: Stack, storage: Storage, image: string, role: "work" | "deliver") => ({
  image: ecs.ContainerImage.fromRegistry(image),
  command: COMMAND,
  environment: {
    DEADIFF_ROLE: role,
    S3_ENDPOINT: `https://s3.${stack.region}.amazonaws.com`,
    S3_BUCKET: storage.bucket.bucketName,
    SQS_QUEUE_URL: storage.jobs.queueUrl,
    SQS_DEAD_LETTER_URL: storage.dead.queueUrl,
    AWS_REGION: stack.region,
    DEADIFF_DRAIN_S: "90",
    DEADIFF_STATUS_HOST: "0.0.0.0",
    DEADIFF_STATUS_PORT: String(STATUS_PORT),
    ...(role === "work" ? { DEADIFF_PROVIDER: "cuda" } : {}),
  },
  secrets: secretsOf(storage),
  logging: ecs.LogDrivers.awsLogs({ streamPrefix: role, logRetention: logs.RetentionDays.ONE_MONTH }),
  healthCheck: { command: ["CMD-SHELL", `node -e "fetch('http://127.0.0.1:${STATUS_PORT}/healthz').then((r)=>process.exit(r.ok?0:1),()=>process.exit(1))"`], startPeriod: Duration.minutes(2) },
  stopTimeout: STOP_TIMEOUT,
});

/** Registries of images in ECR need the right to be read. */
const allowImages = (task: ecs.TaskDefinition): void => {
  task.addToExecutionRolePolicy(new iam.PolicyStatement({ actions: ["ecr:GetAuthorizationToken", "ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage"], resources: ["*"] }));
};

/** Makes {@link Services}: workers follow the queue's depth. */
export const makeServices = (stack: Stack, vpc: ec2.IVpc, storage: Storage, options: ServiceOptions): Services => {
  const cluster = new ecs.Cluster(stack, "Cluster", { vpc, containerInsightsV2: ecs.ContainerInsights.ENABLED });
  const machines = new autoscaling.AutoScalingGroup(stack, "GpuMachines", {
    vpc,
    launchTemplate: new ec2.LaunchTemplate(stack, "GpuMachine", {
      instanceType: new ec2.InstanceType("g6.xlarge"),
      machineImage: ecs.EcsOptimizedImage.amazonLinux2023(ecs.AmiHardwareType.GPU),
      requireImdsv2: true,
      securityGroup: new ec2.SecurityGroup(stack, "GpuMachineGroup", { vpc }),
      role: new iam.Role(stack, "GpuMachineRole", { assumedBy: new iam.ServicePrincipal("ec2.amazonaws.com"), managedPolicies: [iam.ManagedPolicy.fromAwsManagedPolicyName("service-role/AmazonEC2ContainerServiceforEC2Role")] }),
      userData: ec2.UserData.forLinux(),
      blockDevices: [{ deviceName: "/dev/xvda", volume: ec2.BlockDeviceVolume.ebs(100, { encrypted: true }) }],
    }),
    minCapacity: options.workersMin,
    maxCapacity: options.workersMax,
  });
  const provider = new ecs.AsgCapacityProvider(stack, "GpuCapacity", { autoScalingGroup: machines, enableManagedTerminationProtection: true });
  cluster.addAsgCapacityProvider(provider);

  const workTask = new ecs.Ec2TaskDefinition(stack, "WorkTask", { networkMode: ecs.NetworkMode.AWS_VPC });
  workTask.addContainer("work", { ...containerOf(stack, storage, options.gpuImage, "work"), memoryReservationMiB: 12_288, gpuCount: 1 });
  const workers = new ecs.Ec2Service(stack, "Workers", {
    cluster,
    taskDefinition: workTask,
    capacityProviderStrategies: [{ capacityProvider: provider.capacityProviderName, weight: 1 }],
    minHealthyPercent: 50,
    circuitBreaker: { rollback: true },
    desiredCount: options.workersMin,
  });
  const scaling = workers.autoScaleTaskCount({ minCapacity: options.workersMin, maxCapacity: options.workersMax });
  scaling.scaleOnMetric("QueueDepth", {
    metric: storage.jobs.metricApproximateNumberOfMessagesVisible({ period: Duration.minutes(1), statistic: "Maximum" }),
    scalingSteps: [{ upper: 0, change: -1 }, { lower: 10, change: 1 }, { lower: 100, change: 4 }],
    cooldown: Duration.minutes(3),
  });

  const deliverTask = new ecs.FargateTaskDefinition(stack, "DeliverTask", { cpu: 512, memoryLimitMiB: 1024 });
  deliverTask.addContainer("deliver", containerOf(stack, storage, options.cpuImage, "deliver"));
  // Two: any number may run beside each other, and one machine may fail.
  const deliver = new ecs.FargateService(stack, "Deliver", { cluster, taskDefinition: deliverTask, desiredCount: 2, minHealthyPercent: 50, circuitBreaker: { rollback: true } });

  for (const service of [workers, deliver]) {
    allowImages(service.taskDefinition);
    storage.bucket.grantReadWrite(service.taskDefinition.taskRole);
    storage.database.connections.allowDefaultPortFrom(service);
  }
  storage.jobs.grantConsumeMessages(workTask.taskRole);
  storage.jobs.grantSendMessages(deliverTask.taskRole);
  storage.dead.grantConsumeMessages(deliverTask.taskRole);
  return { workers, deliver };
};
