import { Code, Grid3x3, Images, Palette, Swords, Wand } from "lucide-react";

/** The product's pages, in the order of the navigation. */
export const PAGES = [
  { href: "/", name: "Studio", icon: Wand, about: "Make pictures in the style of others" },
  { href: "/matrix", name: "Matrix", icon: Grid3x3, about: "References × prompts × strengths as a grid" },
  { href: "/gallery", name: "Gallery", icon: Images, about: "Everything you made" },
  { href: "/styles", name: "Styles", icon: Palette, about: "References kept under a name" },
  { href: "/arena", name: "Arena", icon: Swords, about: "Two pictures, blind: which is better?" },
  { href: "/developers", name: "Developers", icon: Code, about: "API keys, webhooks, reference" },
] as const;
