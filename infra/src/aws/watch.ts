import { Duration, type Stack } from "aws-cdk-lib";
import * as cloudwatch from "aws-cdk-lib/aws-cloudwatch";
import { SnsAction } from "aws-cdk-lib/aws-cloudwatch-actions";
import * as sns from "aws-cdk-lib/aws-sns";
import { EmailSubscription } from "aws-cdk-lib/aws-sns-subscriptions";
import type { Services } from "./services.ts";
import type { Storage } from "./storage.ts";

interface Watched {
  readonly name: string;
  readonly metric: cloudwatch.IMetric;
  readonly threshold: number;
  readonly below?: boolean;
  readonly meaning: string;
}

/** Alarms to one address, and a dashboard of what they look at. */
export const makeWatch = (stack: Stack, { jobs, dead, database }: Storage, { workers, deliver }: Services, email: string | undefined): void => {
  const topic = new sns.Topic(stack, "Alarms");
  if (email !== undefined) topic.addSubscription(new EmailSubscription(email));
  const period = Duration.minutes(1);
  const watched: readonly Watched[] = [
    { name: "DeadLetters", metric: dead.metricApproximateNumberOfMessagesVisible({ period }), threshold: 1, meaning: "Messages that no worker could take: look for dead_letter in the logs." },
    { name: "OldestMessage", metric: jobs.metricApproximateAgeOfOldestMessage({ period }), threshold: 900, meaning: "Jobs wait for more than 15 minutes: too few workers, or none that works." },
    { name: "DatabaseBusy", metric: database.metricCPUUtilization({ period }), threshold: 85, meaning: "The database is near its limit." },
    { name: "DatabaseFull", metric: database.metricFreeStorageSpace({ period }), threshold: 5e9, below: true, meaning: "Less than 5 GB are left." },
    { name: "DatabaseConnections", metric: database.metricDatabaseConnections({ period }), threshold: 300, meaning: "Connections are not given back." },
    { name: "WorkersBusy", metric: workers.metricMemoryUtilization({ period }), threshold: 95, meaning: "Workers are about to be killed for their memory." },
    { name: "DeliverBusy", metric: deliver.metricCpuUtilization({ period }), threshold: 90, meaning: "Webhooks and the relay fall behind." },
  ];
  for (const { name, metric, threshold, below, meaning } of watched) {
    const alarm = new cloudwatch.Alarm(stack, name, {
      metric,
      threshold,
      evaluationPeriods: 5,
      alarmDescription: meaning,
      comparisonOperator: below === true ? cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD : cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
    });
    alarm.addAlarmAction(new SnsAction(topic));
    alarm.addOkAction(new SnsAction(topic));
  }
  new cloudwatch.Dashboard(stack, "Dashboard", {
    widgets: [
      [
        new cloudwatch.GraphWidget({ title: "Queue", width: 12, left: [jobs.metricApproximateNumberOfMessagesVisible({ period }), jobs.metricApproximateNumberOfMessagesNotVisible({ period })], right: [jobs.metricApproximateAgeOfOldestMessage({ period })] }),
        new cloudwatch.GraphWidget({ title: "Workers", width: 12, left: [workers.metricCpuUtilization({ period }), workers.metricMemoryUtilization({ period }), deliver.metricCpuUtilization({ period })] }),
      ],
      [
        new cloudwatch.GraphWidget({ title: "Database", width: 12, left: [database.metricCPUUtilization({ period })], right: [database.metricDatabaseConnections({ period })] }),
        new cloudwatch.SingleValueWidget({ title: "Dead letters", width: 12, metrics: [dead.metricApproximateNumberOfMessagesVisible({ period })] }),
      ],
    ],
  });
};
