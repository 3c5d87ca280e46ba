import { useMemo } from 'preact/hooks';
import { PAGES } from '../pages/index.js';
import { Layout } from './layout.js';
import { segment, usePlace } from './router.js';

/** The page that the address names. */
export function App() {
  const { path } = usePlace();
  const [section = '', id] = useMemo(() => path.split('/').slice(1).map(segment), [path]);
  const page = PAGES.find((one) => one.section === section);
  return (
    <Layout pages={PAGES} section={section} pageKey={path} reader={null}>
      {page === undefined ? <p class="none">There is no page at this address.</p> : <page.show key={path} id={id} />}
    </Layout>
  );
}
