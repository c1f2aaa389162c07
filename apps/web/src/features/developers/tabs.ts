export const DEVELOPER_TABS = ["keys", "webhooks", "usage", "console", "reference"] as const;

/** A part of the developers' page, by the name it has in the address. */
export type DeveloperTab = (typeof DEVELOPER_TABS)[number];

/** Whether `value` names one. */
export const isDeveloperTab = (value: unknown): value is DeveloperTab => (DEVELOPER_TABS as readonly unknown[]).includes(value);
