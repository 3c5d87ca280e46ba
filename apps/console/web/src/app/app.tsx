import { useContext, useMemo } from 'preact/hooks';
import { readMe } from '../api/operations.js';
import { useLoaded } from '../api/request.js';
import { Failure } from '../components/loading.js';
import { TextValue } from '../components/text-value.js';
import { PAGES } from '../pages/index.js';
import { Layout } from './layout.js';
import { ReaderContext } from './me.js';
import { segment, usePlace } from './router.js';
import { webAddress } from './web-address.js';

/** The page that the address names, for whoever is signed in. */
export function App() {
  const { path } = usePlace();
  const me = useLoaded('me', readMe);
  const [section = '', id] = useMemo(() => path.split('/').slice(1).map(segment), [path]);
  const page = PAGES.find((one) => one.section === section);
  return (
    <ReaderContext.Provider value={me.answer}>
      <Layout pages={PAGES} section={section} pageKey={path} reader={<Reader />}>
        {me.error && <Failure error={me.error} onAgain={me.again} />}
        {me.answer && page && <page.show key={path} id={id} />}
        {page === undefined && <p class="none">There is no page at this address.</p>}
      </Layout>
    </ReaderContext.Provider>
  );
}

function Reader() {
  const me = useContext(ReaderContext);
  if (me === undefined) return null;
  const logoutUrl = webAddress(me.logoutUrl);
  return (
    <div class="reader">
      <TextValue text={me.name ?? me.login} limit={60} fixed />
      <span class="tag">{me.role}</span>
      {logoutUrl && <a href={logoutUrl}>Sign out</a>}
    </div>
  );
}
