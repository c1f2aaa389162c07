import { sql } from "drizzle-orm";
import { rows, type Db } from "../db.ts";
import { ApiError } from "../errors.ts";
import type { Id } from "../ids.ts";
import type { SignUrl } from "../job/present.ts";
import { getPicture } from "../picture/read.ts";
import { bradleyTerry } from "./bradley-terry.ts";
import type { ArenaPair, ArenaRanking, ArenaVerdict } from "./contract.ts";

/** Only the newest pictures compete: older ones were judged, or nobody wants to. */
const FIELD = 2000;

/**
 * Two pictures of one scene, made in different ways, that were not judged yet; ways that were compared least come first. Throws
 * `not_found` while there are none.
 */
export const nextPair = async (db: Db, accountId: Id<"account">, sign: SignUrl): Promise<ArenaPair> => {
  const [pair] = await rows<{ a: Id<"picture">; b: Id<"picture">; votes: number }>(
    db,
    sql`
    with field as (
      select id, scene, setting from pictures where account_id = ${accountId} and deleted_at is null order by created_at desc limit ${FIELD}
    ),
    counted as (
      select setting, count(*) as n from (
        select setting_a as setting from arena_votes where account_id = ${accountId} union all select setting_b from arena_votes where account_id = ${accountId}) as sides
      group by setting
    )
    select x.id as a, y.id as b, (select count(*)::int from arena_votes where account_id = ${accountId}) as votes
    from field x join field y on y.scene = x.scene and x.id < y.id and y.setting <> x.setting
    left join counted cx on cx.setting = x.setting left join counted cy on cy.setting = y.setting
    where not exists (select 1 from arena_votes v where v.account_id = ${accountId} and v.a = x.id and v.b = y.id)
    order by coalesce(cx.n, 0) + coalesce(cy.n, 0), random() limit 1`,
  );
  if (pair === undefined) throw new ApiError("not_found", "There are no two pictures to compare: make one prompt with the same references in different ways, a matrix of strengths for example.");
  // Who stands left is drawn anew each time, so that the side tells nothing.
  const [first, second] = Math.random() < 0.5 ? [pair.a, pair.b] : [pair.b, pair.a];
  const [left, right] = [await getPicture(db, accountId, first, sign), await getPicture(db, accountId, second, sign)];
  const shown = ({ id, url, width, height }: typeof left): ArenaPair["left"] => ({ picture: id, url, width, height });
  const references = left.references.flatMap(({ pictures }) => pictures.flatMap(({ url }) => (url === null ? [] : [{ url }])));
  return { object: "arena_pair", prompt: left.prompt, references, left: shown(left), right: shown(right), votes: pair.votes };
};

/** Records which of two pictures is better, and tells how they were made. Throws `not_found`, or `invalid_input` for two that cannot be compared. */
export const vote = async (db: Db, accountId: Id<"account">, { left, right, winner }: { left: Id<"picture">; right: Id<"picture">; winner: "left" | "right" | "tie" }): Promise<ArenaVerdict> => {
  const [a, b] = left < right ? [left, right] : [right, left];
  const best = winner === "tie" ? "tie" : (winner === "left" ? left : right) === a ? "a" : "b";
  const [pair] = await rows<{ comparable: boolean; setting_a: Record<string, unknown>; setting_b: Record<string, unknown> }>(
    db,
    sql`
    with pair as (
      select x.id as a, y.id as b, x.setting as setting_a, y.setting as setting_b, x.scene = y.scene and x.setting <> y.setting as comparable
      from pictures x, pictures y
      where x.id = ${a} and y.id = ${b} and x.account_id = ${accountId} and y.account_id = ${accountId} and x.deleted_at is null and y.deleted_at is null
    ),
    cast_vote as (
      insert into arena_votes (account_id, a, b, winner, setting_a, setting_b) select ${accountId}, a, b, ${best}, setting_a, setting_b from pair where comparable
      on conflict (account_id, a, b) do update set winner = excluded.winner, at = now()
    )
    select comparable, setting_a, setting_b from pair`,
  );
  if (pair === undefined) throw new ApiError("not_found", "One of these pictures is not in this account.");
  if (!pair.comparable) throw new ApiError("invalid_input", "These two cannot be compared: they must show one prompt with the same references, made in different ways.");
  const { setting_a, setting_b } = pair;
  return { object: "arena_vote", winner, left: left === a ? setting_a : setting_b, right: right === a ? setting_a : setting_b };
};

/** Elo's scale: 400 points are odds of ten to one. */
const ELO = 400 / Math.LN10;
const CONTESTANTS_MAX = 60;
const Z95 = 1.96;

/** Every way of making pictures that was voted on, best first, with 95 % intervals. */
export const rankArena = async (db: Db, accountId: Id<"account">): Promise<ArenaRanking> => {
  const compared = await rows<{ x: Record<string, unknown>; y: Record<string, unknown>; won: number; lost: number }>(
    db,
    sql`
    select setting_a as x, setting_b as y, sum(case winner when 'a' then 1 when 'tie' then 0.5 else 0 end)::float8 as won,
      sum(case winner when 'b' then 1 when 'tie' then 0.5 else 0 end)::float8 as lost
    from arena_votes where account_id = ${accountId} group by 1, 2`,
  );
  const counts = new Map<string, number>();
  for (const { x, y, won, lost } of compared) for (const side of [x, y]) counts.set(JSON.stringify(side), (counts.get(JSON.stringify(side)) ?? 0) + won + lost);
  const settings = [...counts.keys()].sort((a, b) => (counts.get(b) ?? 0) - (counts.get(a) ?? 0)).slice(0, CONTESTANTS_MAX);
  const wins = settings.map(() => settings.map(() => 0));
  for (const { x, y, won, lost } of compared) {
    const [i, j] = [settings.indexOf(JSON.stringify(x)), settings.indexOf(JSON.stringify(y))];
    const [rowOfX, rowOfY] = [wins[i], wins[j]];
    if (rowOfX === undefined || rowOfY === undefined) continue;
    rowOfX[j] = (rowOfX[j] ?? 0) + won;
    rowOfY[i] = (rowOfY[i] ?? 0) + lost;
  }
  const round = (value: number): number => Math.round(value * 10) / 10;
  const ranking = bradleyTerry(wins).map(({ theta, error }, i) => {
    const setting = settings[i] ?? "{}";
    const scale = (value: number): number => round(1000 + ELO * value);
    return {
      setting: JSON.parse(setting) as Record<string, unknown>,
      rating: scale(theta),
      low: scale(theta - Z95 * error),
      high: scale(theta + Z95 * error),
      wins: (wins[i] ?? []).reduce((a, b) => a + b, 0),
      comparisons: counts.get(setting) ?? 0,
    };
  });
  return {
    object: "arena_ranking",
    votes: compared.reduce((sum, { won, lost }) => sum + won + lost, 0),
    method: "Bradley-Terry with a normal prior of 2 log-odds; 95 % intervals by Laplace's approximation",
    ranking: ranking.sort((a, b) => b.rating - a.rating),
  };
};
