import { z } from "zod";
import { idSchema } from "../ids.ts";
import { referenceMode, referenceSchema } from "../style/contract.ts";

const moment = z.iso.datetime({ offset: true });

/** A picture of the gallery. */
export const pictureSchema = z
  .object({
    id: idSchema("picture"),
    object: z.literal("picture"),
    job: idSchema("job"),
    place: z.int().meta({ description: "Which of the job's pictures it is, from 0." }),
    url: z.string().meta({ description: "Signed." }),
    url_expires_at: moment,
    width: z.int(),
    height: z.int(),
    bytes: z.int(),
    sha256: z.string(),
    content_type: z.string(),
    prompt: z.string(),
    modes: z.array(referenceMode).meta({ description: "What its references were used for; empty without references." }),
    style: idSchema("style").nullable().meta({ description: "The saved style it was made with, if it was one alone." }),
    model: z.string(),
    seed: z.int().meta({ description: "Its own seed: with it and a count of 1, this very picture is made again." }),
    matrix: z.object({ id: idSchema("matrix"), cell: z.int() }).nullable(),
    favourite: z.boolean(),
    share: z.object({ token: z.string(), shared_at: moment }).nullable().meta({ description: "Whoever has the token can see the picture: `shared.get`." }),
    created_at: moment,
    expires_at: moment.nullable().meta({ description: "When it is deleted; null: kept." }),
  })
  .meta({ id: "Picture" });

/** See {@link pictureSchema}. */
export type Picture = z.infer<typeof pictureSchema>;

/** A reference of a picture, as it can be shown and used again. */
const pictureReferenceSchema = z.object({
  reference: referenceSchema.meta({ description: "As it goes into `jobs.create` again." }),
  name: z.string().nullable().meta({ description: "The saved style's name, if it is one that still exists." }),
  pictures: z.array(z.object({ image: idSchema("upload").nullable(), url: z.string().nullable() })).meta({ description: "What it shows: uploads with a signed address, or addresses of the web. Null once deleted." }),
});

/** A picture with everything that made it. */
export const pictureDetailSchema = pictureSchema
  .extend({
    input: z.looseObject({}).meta({ description: "The whole input of its job, ready for `jobs.create`: a remix starts here." }),
    references: z.array(pictureReferenceSchema),
    parameters: z.record(z.string(), z.unknown()).meta({ description: "Every parameter that was used, defaults included." }),
    timings: z.record(z.string(), z.number()).meta({ description: "Milliseconds by part of the work." }),
    metrics: z.object({ queue_ms: z.int().nullable(), run_ms: z.int().nullable() }),
    metadata: z.record(z.string(), z.string()),
  })
  .meta({ id: "PictureDetail" });

/** See {@link pictureDetailSchema}. */
export type PictureDetail = z.infer<typeof pictureDetailSchema>;

/** What whoever has the link sees of a picture: itself and how it was made, nothing of the account. */
export const sharedPictureSchema = z
  .object({
    object: z.literal("shared_picture"),
    url: z.string(),
    url_expires_at: moment,
    width: z.int(),
    height: z.int(),
    content_type: z.string(),
    prompt: z.string(),
    modes: z.array(referenceMode),
    model: z.string(),
    seed: z.int(),
    parameters: z.record(z.string(), z.unknown()),
    created_at: moment,
  })
  .meta({ id: "SharedPicture" });

/** See {@link sharedPictureSchema}. */
export type SharedPicture = z.infer<typeof sharedPictureSchema>;

/** The secret part of a share link: 192 random bits. */
export const shareToken = z.string().regex(/^[A-Za-z0-9_-]{32}$/, "must be the token of a share link");
