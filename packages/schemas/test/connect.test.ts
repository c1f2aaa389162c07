import { sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { scratchDatabase } from "../local/scratch-database.ts";
import { createAccount } from "../src/account/create.ts";
import { connect, type Connection } from "../src/connect.ts";
import { getJob } from "../src/job/read.ts";
import { queue } from "./world.ts";

let url: string;
let connection: Connection;
beforeAll(async () => {
  url = await scratchDatabase(inject("postgresUrl"));
  connection = connect(url, { max: 1 });
});
afterAll(() => connection.close());

const preparedOnes = async (words: string): Promise<number> => {
  const [row] = await connection.db.execute(sql`select count(*)::int as n from pg_prepared_statements where statement like ${`%${words}%`} and statement not like '%pg_prepared%'`);
  return Number(row?.["n"]);
};

test("a verb's statement is prepared once a connection, however often it runs", async () => {
  const account = await createAccount(connection.db, { name: "a", credits: 10 });
  for (let i = 0; i < 3; i++) await queue(connection.db, account);
  expect(await preparedOnes("insert into outbox")).toBe(1);
});

test("a statement outlives a migration that changes what it returns", async () => {
  const account = await createAccount(connection.db, { name: "a", credits: 10 });
  const [job] = (await queue(connection.db, account)).jobs;
  const read = async () => [(await getJob(connection.db, account, job!.id)).id, (await connection.db.execute(sql`select * from jobs where id = ${job!.id}`))[0]?.["id"]];
  expect(await read()).toEqual([job!.id, job!.id]);
  const migrator = connect(url, { max: 1 });
  await migrator.db.execute(sql`alter table jobs add column later text`);
  await migrator.close();
  expect(await read()).toEqual([job!.id, job!.id]);
  expect((await queue(connection.db, account)).jobs).toHaveLength(1);
});
