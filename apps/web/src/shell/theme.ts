/** What a person chose; `system` follows the machine. */
type Theme = "light" | "dark" | "system";

const KEY = "theme";

/** Runs before the first paint, as text in the page: a dark room must not flash white. */
export const THEME_SCRIPT = `try{const t=localStorage.getItem("${KEY}");document.documentElement.classList.toggle("dark",t==="dark"||(t!=="light"&&matchMedia("(prefers-color-scheme: dark)").matches))}catch{}`;

/** Keeps the choice and shows it. */
export const setTheme = (theme: Theme): void => {
  if (theme === "system") localStorage.removeItem(KEY);
  else localStorage.setItem(KEY, theme);
  document.documentElement.classList.toggle("dark", theme === "dark" || (theme === "system" && matchMedia("(prefers-color-scheme: dark)").matches));
};
