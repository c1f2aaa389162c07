import { emptyAccount, expect, generate, setDesk, test } from "./fixtures.ts";

const KB = 1000;

test("a first visit is sent less than 250 kB of compressed JavaScript", async ({ page }) => {
  await emptyAccount();
  await page.goto("/", { waitUntil: "networkidle" });
  // Bodies as they were sent: scripts alone, without the heads of their answers.
  const sizes = await page.evaluate(() =>
    performance.getEntriesByType("resource").flatMap((entry) => (entry instanceof PerformanceResourceTiming && new URL(entry.name).pathname.endsWith(".js") ? [entry.encodedBodySize] : [])));
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  console.log(`JavaScript of the first page: ${(bytes / KB).toFixed(0)} kB compressed in ${sizes.length} files`);
  expect(bytes).toBeGreaterThan(0);
  expect(bytes).toBeLessThan(250 * KB);
});

test("nothing on the page moves while pictures are made and arrive", async ({ page }) => {
  await emptyAccount();
  await page.addInitScript(() => {
    const seen: { value: number; sources: string[] }[] = [];
    Object.assign(window, { shifts: seen });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as (PerformanceEntry & { value: number; hadRecentInput: boolean; sources?: { node?: Element | null }[] })[]) {
        if (!entry.hadRecentInput) seen.push({ value: entry.value, sources: (entry.sources ?? []).map(({ node }) => node?.outerHTML.slice(0, 120) ?? "?") });
      }
    }).observe({ type: "layout-shift", buffered: true });
  });
  await page.goto("/");
  await setDesk(page, { style: "Watercolour", prompt: "a fox", count: 4 });
  await generate(page);
  await expect(page.getByRole("button", { name: "Remix" })).toBeVisible();
  await expect(page.getByRole("figure").getByRole("img")).toHaveCount(4);
  const shifts = await page.evaluate(() => (window as unknown as { shifts: { value: number; sources: string[] }[] }).shifts);
  const total = shifts.reduce((sum, { value }) => sum + value, 0);
  console.log(`Cumulative layout shift from the visit to the pictures: ${total.toFixed(4)}`);
  // 0.1 is where the Core Web Vitals' "good" ends.
  expect(total, JSON.stringify(shifts)).toBeLessThan(0.1);
});

test("the studio answers to input soon after it was called up", async ({ page }) => {
  // The second visit: the first warms the server, which a person never meets cold.
  await page.goto("/", { waitUntil: "networkidle" });
  await page.goto("about:blank");
  const start = Date.now();
  await page.goto("/", { waitUntil: "commit" });
  // Hydrated: typing is answered by suggestions of the model's own words.
  await page.getByLabel("Prompt", { exact: true }).pressSequentially("mush");
  await expect(page.getByRole("option", { name: "mushroom" })).toBeVisible();
  const ms = Date.now() - start;
  const { fcp, longest } = await page.evaluate(() => ({
    fcp: performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? Number.NaN,
    longest: Math.max(0, ...performance.getEntriesByType("longtask").map(({ duration }) => duration)),
  }));
  console.log(`First contentful paint ${fcp.toFixed(0)} ms; typing answered ${ms} ms after the call; longest task ${longest.toFixed(0)} ms`);
  // The goal is 2 s on an idle machine; a busy one may take longer, a broken page far longer.
  expect(ms).toBeLessThan(20_000);
});
