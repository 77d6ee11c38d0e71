// Light or dark, as the reader chose or the system says; runs before the first paint.
const root = document.documentElement;
const dark = matchMedia("(prefers-color-scheme: dark)");
const paint = () => {
  const chosen = root.dataset.theme;
  const system = dark.matches ? "dark" : "light";
  root.dataset.bsTheme = ["light", "dark"].includes(chosen) ? chosen : system;
};
dark.addEventListener("change", paint);
// The page where it is chosen shows each choice at once.
new MutationObserver(paint).observe(root, { attributeFilter: ["data-theme"] });
paint();
