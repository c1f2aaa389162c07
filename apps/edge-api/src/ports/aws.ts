/** Where a queue and an object store are, and who we are to them. */
export interface AwsAccess {
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}
