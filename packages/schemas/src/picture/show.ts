import { sql } from "drizzle-orm";

const references = sql.raw(`jsonb_array_elements(changed.request -> 'references') with ordinality as r(reference, n)`);

/** What a reference is, whatever it is used for: a picture, an address or a part of one, a code, styles at their version. */
const what = sql.raw(`coalesce(reference -> 'image', reference -> 'url', reference -> 'code', reference -> 'styles')`);
const scene = sql`md5(jsonb_build_array(changed.request ->> 'prompt', (
  select jsonb_agg(case when reference ? 'crop' then jsonb_build_array(${what}, reference -> 'crop') else ${what} end order by n) from ${references}))::text)`;

/** A parameter as it was used, or as it was asked for where the model does not say. */
const used = (name: string) => sql.raw(`coalesce(changed.result #> '{parameters,${name}}', changed.request -> '${name}')`);

const setting = sql`jsonb_strip_nulls(jsonb_build_object(
  'model', changed.result ->> 'model', 'sampler', ${used("sampler")}, 'spacing', ${used("spacing")}, 'steps', ${used("steps")}, 'guidance', ${used("guidance")},
  'prompt_guidance', coalesce(changed.result #> '{parameters,promptGuidance}', changed.request -> 'prompt_guidance'),
  'strength', ${used("strength")}, 'gains', changed.request -> 'gains', 'negative_prompt', nullif(changed.request ->> 'negative_prompt', ''),
  'modes', (select jsonb_agg(reference -> 'mode' order by n) from ${references}), 'weights', (select jsonb_agg(reference -> 'weight' order by n) from ${references})))`;

/**
 * Puts the pictures of succeeded jobs among the `changed` rows of a transition into the gallery. The first picture of a job is its
 * newest, by a microsecond each, so that lists keep their order. Ids as `pictureId` makes them.
 */
export const PICTURES_OF_CHANGED = sql`
  insert into pictures (id, account_id, job_id, place, sha256, prompt, modes, style_id, seed, scene, setting, created_at)
  select 'pic_' || substr(changed.id, 5, 24) || lpad(image.place::text, 2, '0'), changed.account_id, changed.id, image.place, image.sha256, changed.request ->> 'prompt',
    coalesce((select jsonb_agg(distinct reference -> 'mode') from ${references}), '[]'), changed.request -> 'style' ->> 'id',
    (changed.result ->> 'seed')::bigint + image.place, ${scene}, ${setting}, changed.finished_at - image.place * interval '1 microsecond'
  from changed cross join lateral (
    select (place - 1)::int as place, image ->> 'sha256' as sha256 from jsonb_array_elements(changed.result -> 'images') with ordinality as images(image, place)) as image
  where changed.state = 'succeeded'`;
