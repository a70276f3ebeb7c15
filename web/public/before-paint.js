// Runs before the first paint, so that a chosen theme or language does not flash the other.
try {
  const theme = localStorage.getItem("theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  const language = localStorage.getItem("language") || navigator.language;
  document.documentElement.lang = language.startsWith("zh") ? "zh-CN" : "en";
} catch {
  // Storage may be forbidden; the defaults hold.
}
