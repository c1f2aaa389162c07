import { sql } from "drizzle-orm";
import { rows, type Db } from "../db.ts";
import { ApiError } from "../errors.ts";
import type { Id } from "../ids.ts";
import { JOB_STATES, type Matrix } from "../job/contract.ts";
import { isTerminal, presentJob, type SignUrl } from "../job/present.ts";
import type { PlaceInQueue } from "../job/queue.ts";
import type { JobRow } from "../job/row.ts";

/** The account's matrix with all its cells. Throws `not_found`. */
export const getMatrix = async (db: Db, accountId: Id<"account">, id: Id<"matrix">, sign: SignUrl, place?: PlaceInQueue): Promise<Matrix> => {
  const [matrix] = await rows<{ axes: Matrix["axes"]; created_at: string; cells: JobRow[] | null }>(
    db,
    sql`
    select m.axes, to_jsonb(m.created_at) #>> '{}' as created_at,
      (select jsonb_agg(to_jsonb(j) order by j.cell) from jobs j where j.matrix_id = m.id and j.deleted_at is null) as cells
    from matrices m where m.id = ${id} and m.account_id = ${accountId}`,
  );
  if (matrix === undefined) throw new ApiError("not_found", `There is no matrix ${id} in this account.`);
  const cells = await Promise.all((matrix.cells ?? []).map((row) => presentJob(row, sign, place)));
  const counts = Object.fromEntries(JOB_STATES.map((state) => [state, cells.filter((cell) => cell.state === state).length]));
  return {
    id,
    object: "matrix",
    axes: matrix.axes,
    is_terminal: cells.every((cell) => isTerminal(cell.state)),
    counts: counts as Matrix["counts"],
    cells,
    created_at: new Date(matrix.created_at).toISOString(),
  };
};
