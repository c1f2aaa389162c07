-- Losing these rows in a crash forgives some calls; writing them must cost no WAL.
ALTER TABLE "rate_limits" SET UNLOGGED;
--> statement-breakpoint
-- Heartbeats rewrite rows in place (HOT) when pages have room.
ALTER TABLE "jobs" SET (fillfactor = 70);
--> statement-breakpoint
-- An id made by the database: the prefix, 48 bits of time, 80 bits of chance, in Crockford's base 32 (see ids.ts).
CREATE FUNCTION new_id(prefix text) RETURNS text LANGUAGE sql VOLATILE AS $$
  SELECT prefix || '_' || string_agg(substr('0123456789abcdefghjkmnpqrstvwxyz', 1 + digit, 1), '' ORDER BY place)
  FROM (
    SELECT place, ((floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint >> (5 * (9 - place))) & 31)::int AS digit
    FROM generate_series(0, 9) AS place
    UNION ALL
    SELECT 10 + place, get_byte(chance, place) & 31
    FROM (SELECT sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())) AS chance) AS random, generate_series(0, 15) AS place
  ) AS digits
$$;
--> statement-breakpoint
-- The last line of defence for invariants I2, I4 and I8: whatever statement is sent, an ended job stays as it is,
-- versions count up by one with every change of state, and fences never fall.
CREATE FUNCTION guard_job() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF new.version NOT IN (old.version, old.version + 1) THEN
    RAISE EXCEPTION 'job %: version % cannot follow %', old.id, new.version, old.version USING ERRCODE = 'check_violation';
  END IF;
  IF new.state <> old.state AND new.version = old.version THEN
    RAISE EXCEPTION 'job %: state changed without a version', old.id USING ERRCODE = 'check_violation';
  END IF;
  IF new.fence NOT IN (old.fence, old.fence + 1) THEN
    RAISE EXCEPTION 'job %: fence % cannot follow %', old.id, new.fence, old.fence USING ERRCODE = 'check_violation';
  END IF;
  IF old.state IN ('succeeded', 'failed', 'canceled', 'expired')
    AND (new.state, new.version, new.fence, new.price, new.result, new.error) IS DISTINCT FROM (old.state, old.version, old.fence, old.price, old.result, old.error) THEN
    RAISE EXCEPTION 'job % has ended as %', old.id, old.state USING ERRCODE = 'check_violation';
  END IF;
  RETURN new;
END
$$;
--> statement-breakpoint
CREATE TRIGGER guard_job BEFORE UPDATE ON "jobs" FOR EACH ROW EXECUTE FUNCTION guard_job();
--> statement-breakpoint
CREATE FUNCTION guard_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'event % of job % is history', old.version, old.job_id USING ERRCODE = 'check_violation';
END
$$;
--> statement-breakpoint
CREATE TRIGGER guard_event BEFORE UPDATE ON "job_events" FOR EACH ROW EXECUTE FUNCTION guard_event();
