import { CfnOutput, Duration, RemovalPolicy, type Stack } from "aws-cdk-lib";
import * as ec2 from "aws-cdk-lib/aws-ec2";
import * as rds from "aws-cdk-lib/aws-rds";
import * as s3 from "aws-cdk-lib/aws-s3";
import * as sqs from "aws-cdk-lib/aws-sqs";

/** What lasts: queue, objects, database. */
export interface Storage {
  readonly jobs: sqs.Queue;
  readonly dead: sqs.Queue;
  readonly bucket: s3.Bucket;
  readonly database: rds.DatabaseInstance;
}

/** A job's message must outlive every wait that the queue imposes; the truth is in the database, so loss is mended, not prevented. */
const MAX_RECEIVES = 10;

/** Makes {@link Storage}. Nothing of it is deleted with the stack. */
export const makeStorage = (stack: Stack, vpc: ec2.IVpc, webOrigins: readonly string[]): Storage => {
  const dead = new sqs.Queue(stack, "DeadJobs", { retentionPeriod: Duration.days(14), enforceSSL: true, encryption: sqs.QueueEncryption.SQS_MANAGED });
  const jobs = new sqs.Queue(stack, "Jobs", {
    visibilityTimeout: Duration.seconds(60),
    retentionPeriod: Duration.days(4),
    enforceSSL: true,
    encryption: sqs.QueueEncryption.SQS_MANAGED,
    deadLetterQueue: { queue: dead, maxReceiveCount: MAX_RECEIVES },
  });
  const bucket = new s3.Bucket(stack, "Pictures", {
    blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
    encryption: s3.BucketEncryption.S3_MANAGED,
    enforceSSL: true,
    removalPolicy: RemovalPolicy.RETAIN,
    // Browsers send references and fetch pictures straight from here, by signed addresses.
    cors: [{ allowedOrigins: [...webOrigins], allowedMethods: [s3.HttpMethods.GET, s3.HttpMethods.PUT, s3.HttpMethods.HEAD], allowedHeaders: ["*"], exposedHeaders: ["ETag"], maxAge: 600 }],
    // How long a picture stays is the database's to say: the deliverers remove it. The bucket only moves what nobody looks at.
    lifecycleRules: [{ transitions: [{ storageClass: s3.StorageClass.INTELLIGENT_TIERING, transitionAfter: Duration.days(30) }] }, { abortIncompleteMultipartUploadAfter: Duration.days(1) }],
  });
  const database = new rds.DatabaseInstance(stack, "Database", {
    engine: rds.DatabaseInstanceEngine.postgres({ version: rds.PostgresEngineVersion.of("18", "18") }),
    instanceType: ec2.InstanceType.of(ec2.InstanceClass.M7G, ec2.InstanceSize.LARGE),
    vpc,
    vpcSubnets: { subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS },
    databaseName: "deadiff",
    // No signs that would have to be escaped in an address.
    credentials: rds.Credentials.fromGeneratedSecret("deadiff", { excludeCharacters: "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~ " }),
    multiAz: true,
    storageEncrypted: true,
    storageType: rds.StorageType.GP3,
    allocatedStorage: 50,
    maxAllocatedStorage: 500,
    backupRetention: Duration.days(7),
    deletionProtection: true,
    removalPolicy: RemovalPolicy.RETAIN,
    enablePerformanceInsights: true,
  });
  new CfnOutput(stack, "SqsQueueUrl", { value: jobs.queueUrl });
  new CfnOutput(stack, "SqsDeadLetterUrl", { value: dead.queueUrl });
  new CfnOutput(stack, "S3Bucket", { value: bucket.bucketName });
  return { jobs, dead, bucket, database };
};
