import { PageHead } from '../components/page-head.js';

export function LivePage() {
  return <PageHead title="Live" />;
}
