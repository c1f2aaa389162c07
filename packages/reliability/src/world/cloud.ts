// The queue and the object store as a process of their own, so that they can be killed apart from the tests and live on.
import { startLocalCloud } from "@deadiff/infra";
import { readCloudEnv } from "../env.ts";

const { CLOUD_FOLDER: folder, CLOUD_PORT: port } = readCloudEnv();
const cloud = await startLocalCloud({ folder, port });
console.log(JSON.stringify({ event: "cloud_ready", bucket: cloud.bucket, region: cloud.region, ...cloud.credentials }));

const stop = (): void => void cloud.stop().then(() => process.exit(0));
process.once("SIGTERM", stop);
process.once("disconnect", stop);
