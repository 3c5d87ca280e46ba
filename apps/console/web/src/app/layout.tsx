import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Icon, type IconName } from '../components/icon.js';
import type { PageEntry } from './pages.js';
import { Link } from './router.js';
import { applyTheme, chosenTheme, THEMES, type Theme } from './theme.js';

interface LayoutProps {
  readonly pages: readonly PageEntry[];
  readonly section: string;
  /** Changes when another page is shown, not when the same one changes its filters. */
  readonly pageKey: string;
  readonly reader: ComponentChildren;
  readonly children: ComponentChildren;
}

/** Navigation beside the page. The focus moves to the page when another one is opened. */
export function Layout({ pages, section, pageKey, reader, children }: LayoutProps) {
  const main = useRef<HTMLElement>(null);
  const first = useRef(true);
  useEffect(() => {
    if (!first.current) main.current?.focus();
    first.current = false;
    window.scrollTo(0, 0);
  }, [pageKey]);
  return (
    <>
      <a class="skip" href="#main">
        Skip to the page
      </a>
      <div class="frame">
        <header class="side">
          <Link class="brand" to="/">
            <img src="/icon.svg" alt="" width="22" height="22" /> Iris
          </Link>
          <nav aria-label="Pages">
            <ul>
              {pages
                .filter(({ name }) => name !== undefined)
                .map((page) => (
                  <li key={page.section}>
                    <Link to={`/${page.section}`} aria-current={page.section === section ? 'page' : undefined}>
                      {page.name}
                    </Link>
                  </li>
                ))}
            </ul>
          </nav>
          <div class="side-end">
            {reader}
            <ThemeSwitch />
          </div>
        </header>
        <main id="main" ref={main} tabIndex={-1}>
          {children}
        </main>
      </div>
    </>
  );
}

const ICONS: Readonly<Record<Theme, IconName>> = { system: 'screen', light: 'sun', dark: 'moon' };

function ThemeSwitch() {
  const [theme, setTheme] = useState(chosenTheme);
  const choose = (next: Theme) => {
    applyTheme(next);
    setTheme(next);
  };
  return (
    <fieldset class="switch" aria-label="Theme">
      {THEMES.map((one) => (
        <button
          type="button"
          key={one}
          aria-pressed={one === theme}
          aria-label={`${one} theme`}
          title={`${one} theme`}
          onClick={() => choose(one)}
        >
          <Icon name={ICONS[one]} />
        </button>
      ))}
    </fieldset>
  );
}
