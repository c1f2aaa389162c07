ALTER TABLE "pictures" ADD COLUMN "sha256" text;--> statement-breakpoint
UPDATE "pictures" SET "sha256" = "jobs"."result" #>> ARRAY['images', "pictures"."place"::text, 'sha256'] FROM "jobs" WHERE "jobs"."id" = "pictures"."job_id";--> statement-breakpoint
CREATE INDEX "pictures_file" ON "pictures" USING btree ("account_id","sha256") WHERE "pictures"."deleted_at" is null;
