/** What a person chose; `system` follows the machine. */
type Theme = "light" | "dark" | "system";

/** Where the choice is kept. */
export const THEME_KEY = "theme";
const DARK = "(prefers-color-scheme: dark)";

/** Runs before the first paint, as text in the page: a dark room must not flash white. */
export const THEME_SCRIPT = `try{const t=localStorage.getItem("${THEME_KEY}");document.documentElement.classList.toggle("dark",t==="dark"||(t!=="light"&&matchMedia("${DARK}").matches))}catch{}`;

/** What was chosen; nothing where the browser keeps nothing. */
const chosen = (): string | null => {
  try {
    return localStorage.getItem(THEME_KEY);
  } catch {
    return null;
  }
};

const show = (): void => {
  const theme = chosen();
  document.documentElement.classList.toggle("dark", theme === "dark" || (theme !== "light" && matchMedia(DARK).matches));
};

/** Keeps the choice and shows it. */
export const setTheme = (theme: Theme): void => {
  if (theme === "system") localStorage.removeItem(THEME_KEY);
  else localStorage.setItem(THEME_KEY, theme);
  show();
};

/** Shows the theme where the script above did not run (a page that React drew anew), and follows the machine. Returns how to stop. */
export const followTheme = (): (() => void) => {
  show();
  const machine = matchMedia(DARK);
  machine.addEventListener("change", show);
  return () => machine.removeEventListener("change", show);
};
