"use client";

import { Command } from "cmdk";
import { Monitor, Moon, Sun } from "lucide-react";
import { useRouter } from "next/navigation";
import * as Dialog from "radix-ui/dialog";
import type { ReactNode } from "react";
import { PAGES } from "./pages";
import { setTheme } from "./theme";

const Item = ({ icon, name, about, onSelect }: { readonly icon: ReactNode; readonly name: string; readonly about?: string; readonly onSelect: () => void }) => (
  <Command.Item onSelect={onSelect} keywords={about === undefined ? [] : [about]} className="flex cursor-pointer items-center gap-3 rounded-md px-3 py-2.5 data-[selected=true]:bg-hover [&_svg]:size-4 [&_svg]:text-faint">
    {icon}
    <span className="font-medium">{name}</span>
    {about !== undefined && <span className="truncate text-faint">{about}</span>}
  </Command.Item>
);

/** Every page and setting by name. */
export const CommandPalette = ({ open, onOpenChange }: { readonly open: boolean; readonly onOpenChange: (open: boolean) => void }) => {
  const router = useRouter();
  const run = (action: () => void) => () => {
    onOpenChange(false);
    action();
  };
  return (
    <Dialog.Root open={open} onOpenChange={onOpenChange}>
      <Dialog.Portal>
        <Dialog.Overlay className="fixed inset-0 z-40 animate-fade bg-black/45 backdrop-blur-[2px]" />
        <Dialog.Content aria-describedby={undefined} className="fixed top-[12dvh] left-1/2 z-50 w-[min(94vw,36rem)] -translate-x-1/2 animate-rise overflow-hidden rounded-xl border bg-raised shadow-float">
          <Dialog.Title className="sr-only">Commands</Dialog.Title>
          <Command loop>
            <Command.Input placeholder="Go to a page, change the theme …" className="w-full border-b bg-transparent px-4 py-3.5 text-base outline-none placeholder:text-faint" />
            <Command.List className="scroll-quiet max-h-[min(30rem,62dvh)] overflow-y-auto p-1.5 [&_[cmdk-group-heading]]:px-3 [&_[cmdk-group-heading]]:py-2 [&_[cmdk-group-heading]]:text-xs [&_[cmdk-group-heading]]:text-faint">
              <Command.Empty className="px-4 py-8 text-center text-muted">Nothing has that name.</Command.Empty>
              <Command.Group heading="Pages">
                {PAGES.map(({ href, name, icon: Icon, about }) => (
                  <Item key={href} icon={<Icon aria-hidden />} name={name} about={about} onSelect={run(() => router.push(href))} />
                ))}
              </Command.Group>
              <Command.Group heading="Theme">
                <Item icon={<Sun aria-hidden />} name="Light theme" onSelect={run(() => setTheme("light"))} />
                <Item icon={<Moon aria-hidden />} name="Dark theme" onSelect={run(() => setTheme("dark"))} />
                <Item icon={<Monitor aria-hidden />} name="Theme of the system" onSelect={run(() => setTheme("system"))} />
              </Command.Group>
            </Command.List>
          </Command>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
};
