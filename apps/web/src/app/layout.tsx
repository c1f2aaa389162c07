import { GeistMono } from "geist/font/mono";
import { GeistSans } from "geist/font/sans";
import type { Metadata, Viewport } from "next";
import type { ReactNode } from "react";
import { Providers } from "@/api/providers";
import { Navigation } from "@/shell/navigation";
import { NoteList } from "@/shell/note-list";
import { OfflineBar } from "@/shell/offline-bar";
import { THEME_SCRIPT } from "@/shell/theme";
import { ThemeKeeper } from "@/shell/theme-keeper";
import "./globals.css";

export const metadata: Metadata = {
  title: { default: "DEADiff Studio", template: "%s · DEADiff Studio" },
  description: "Make new pictures in the style of a reference: it gives how, your words say what.",
};

export const viewport: Viewport = { width: "device-width", initialScale: 1, viewportFit: "cover" };

const Layout = ({ children }: { readonly children: ReactNode }) => (
  // The theme's class is set by the script below, before React sees the page.
  <html lang="en" className={`${GeistSans.variable} ${GeistMono.variable}`} suppressHydrationWarning>
    <head>
      <script dangerouslySetInnerHTML={{ __html: THEME_SCRIPT }} />
    </head>
    <body>
      <Providers>
        <ThemeKeeper />
        <Navigation />
        <OfflineBar />
        <div className="min-h-dvh pb-14 lg:pb-0 lg:pl-20 has-data-bare:p-0!">{children}</div>
        <NoteList />
      </Providers>
    </body>
  </html>
);

export default Layout;
