/** The limits the API publishes. A number appears here once; contracts, verbs and documents read it from here. */
export const LIMITS = {
  uploadBytes: 20 * 1024 * 1024,
  imagePixels: 40_000_000,
  imageSidePx: 8192,
  referencesPerJob: 8,
  /** Pictures and codes that the references of one job come down to, styles taken apart. */
  membersPerJob: 16,
  styleCodeBytes: 64 * 1024,
  imagesPerJob: 8,
  cellsPerMatrix: 64,
  promptBytes: 4096,
  metadataEntries: 16,
  requestBytes: 128 * 1024,
  queuedJobsPerAccount: 1000,
  runningJobsPerAccount: 8,
  endpointsPerAccount: 20,
  keysPerAccount: 50,
  longPollS: 55,
  idempotencyHours: 48,
  uploadUrlMinutes: 15,
  /** Signed addresses of results live this long; a fresh one comes with every read of the job. */
  outputUrlHours: 24,
  retentionDefaultS: 7 * 24 * 3600,
  /** What an account that signs up on the web starts with. */
  signUpCredits: 200,
  retentionMinS: 3600,
  retentionMaxS: 30 * 24 * 3600,
  tombstoneDays: 30,
  eventDays: 30,
  deliveryDays: 30,
  startWithinDefaultS: 24 * 3600,
  finishWithinDefaultS: 48 * 3600,
  triesPerJob: 3,
  /** A graceful release gives its try back; past this version it no longer does, so that events per job stay bounded. */
  refundVersionMax: 24,
} as const;

/** How long a worker owns a job without a heartbeat, how often it beats, and how long the sweeper waits beyond the end. */
export const LEASE = { seconds: 30, beatSeconds: 2, graceSeconds: 5 } as const;
