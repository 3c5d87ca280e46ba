/** Shapes on a grid of 16, drawn with the colour of the text around them. */
const PATHS = {
  check: 'M3 8.5l3.2 3.2L13 4.8',
  cross: 'M4 4l8 8M12 4l-8 8',
  shield: 'M8 1.8l5 2v4c0 3.2-2.1 5.4-5 6.4-2.9-1-5-3.2-5-6.4v-4z',
  eye: 'M1.5 8C3.4 5 5.6 3.6 8 3.6S12.6 5 14.5 8C12.6 11 10.4 12.4 8 12.4S3.4 11 1.5 8zM8 6.2a1.8 1.8 0 1 1 0 3.6 1.8 1.8 0 0 1 0-3.6z',
  shadow: 'M2.5 2.5h7v7h-7zM6.5 12v1.5h7v-7H12',
  gap: 'M2 8h4M10 8h4M8 2v3M8 11v3',
  pause: 'M5 3v10M11 3v10',
  play: 'M4.5 3l8 5-8 5z',
  sun: 'M8 5a3 3 0 1 1 0 6 3 3 0 0 1 0-6zM8 1v1.6M8 13.4V15M1 8h1.6M13.4 8H15M3 3l1.2 1.2M11.8 11.8L13 13M13 3l-1.2 1.2M4.2 11.8L3 13',
  moon: 'M13 9.6A5.6 5.6 0 0 1 6.4 3 5.6 5.6 0 1 0 13 9.6z',
  screen: 'M1.8 3h12.4v8H1.8zM5.5 13.6h5M8 11v2.6',
  warning: 'M8 2l6.4 11.4H1.6zM8 6.4v3.4M8 11.4v.6',
  link: 'M6 3H3v10h10v-3M9 3h4v4M13 3L7.5 8.5',
} as const;

export type IconName = keyof typeof PATHS;

/** An icon beside a text of the same meaning; hidden from screen readers. */
export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" width="14" height="14" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
