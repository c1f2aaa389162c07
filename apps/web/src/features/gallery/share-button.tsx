"use client";

import type { PictureDetail } from "@deadiff/schemas/contracts";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link2, Link2Off } from "lucide-react";
import { useState } from "react";
import { useTRPC } from "@/api/client";
import { explain } from "@/api/explain";
import { Button } from "@/components/button";
import { CopyButton } from "@/components/copy-button";
import { Dialog } from "@/components/dialog";
import { note } from "@/shell/notes";

/** Gives a picture a link that anybody can open, and takes it back. */
export const ShareButton = ({ picture }: { readonly picture: PictureDetail }) => {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const [open, setOpen] = useState(false);
  const fail = (error: unknown) => note.error(explain(error).title, { description: explain(error).advice });
  const refresh = () => queries.invalidateQueries({ queryKey: trpc.pictures.pathKey() });
  const share = useMutation(trpc.pictures.share.mutationOptions({ onSuccess: refresh, onError: fail }));
  const unshare = useMutation(
    trpc.pictures.unshare.mutationOptions({
      onSuccess: async () => {
        setOpen(false);
        note.success("The link shows nothing any more.");
        await refresh();
      },
      onError: fail,
    }),
  );
  const link = picture.share === null ? null : `${window.location.origin}/s/${picture.share.token}`;
  return (
    <>
      <Button
        busy={share.isPending}
        onClick={() => {
          setOpen(true);
          if (picture.share === null) share.mutate({ id: picture.id });
        }}
      >
        <Link2 aria-hidden /> {picture.share === null ? "Share" : "Shared"}
      </Button>
      <Dialog
        open={open && link !== null}
        onOpenChange={setOpen}
        title="Anyone with the link can see it"
        description="They see the picture, its prompt and how it was made: nothing of your account, and not your references."
        actions={
          <>
            <Button variant="ghost" busy={unshare.isPending} onClick={() => unshare.mutate({ id: picture.id })}>
              <Link2Off aria-hidden /> Stop sharing
            </Button>
            <Button variant="primary" onClick={() => setOpen(false)}>
              Done
            </Button>
          </>
        }
      >
        <div className="flex items-center gap-1 rounded-md border bg-sunken py-1 pr-1 pl-3">
          <a href={link ?? ""} target="_blank" rel="noreferrer" className="min-w-0 flex-1 truncate font-mono text-xs text-accent-text">
            {link}
          </a>
          <CopyButton text={link ?? ""} label="Copy the link" />
        </div>
      </Dialog>
    </>
  );
};
