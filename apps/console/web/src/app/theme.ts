export const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

const KEY = 'iris.theme';

/** The chosen theme; that of the system unless the reader chose one. */
export function chosenTheme(): Theme {
  try {
    const kept = window.localStorage.getItem(KEY);
    return THEMES.find((theme) => theme === kept) ?? 'system';
  } catch {
    // A browser can refuse storage to every page.
    return 'system';
  }
}

/** Shows a theme and keeps it for the next visit. */
export function applyTheme(theme: Theme): void {
  if (theme === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  window.dispatchEvent(new Event('themechange'));
  try {
    window.localStorage.setItem(KEY, theme);
  } catch {
    // The theme holds for this visit.
  }
}

/** Calls back when colours change, by the switch or by the system. Returns what ends it. */
export function onThemeChange(listener: () => void): () => void {
  const system = window.matchMedia('(prefers-color-scheme: dark)');
  window.addEventListener('themechange', listener);
  system.addEventListener('change', listener);
  return () => {
    window.removeEventListener('themechange', listener);
    system.removeEventListener('change', listener);
  };
}
