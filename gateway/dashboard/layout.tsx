// deno-lint-ignore-file jsx-key -- rendered once, on the server: there is nothing to match up
import { raw } from "hono/html";
import type { Child } from "hono/jsx";
import type { JSX } from "hono/jsx/jsx-runtime";

/** What every page of the dashboard has around its content. */
export function Layout(
  props: { title: string; scripts?: readonly string[]; kind: string; children?: Child },
): JSX.Element {
  const { title, scripts = [], kind, children } = props;
  return (
    <>
      {raw("<!DOCTYPE html>")}
      <html lang="en">
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <meta name="color-scheme" content="light dark" />
          <title>{title}</title>
          <link rel="icon" href="/dashboard/assets/icon.svg" type="image/svg+xml" />
          <link rel="stylesheet" href="/dashboard/assets/uplot.css" />
          <link rel="stylesheet" href="/dashboard/assets/dashboard.css" />
          {scripts.map((name) => <script src={`/dashboard/assets/${name}`} defer></script>)}
        </head>
        <body class={kind}>{children}</body>
      </html>
    </>
  );
}

/** The sign of the system: one in front of three. */
export function Sign(): JSX.Element {
  return (
    <svg class="sign" viewBox="0 0 32 32" width="28" height="28" aria-hidden="true">
      <path d="M8 16L24 7M8 16H24M8 16L24 25" fill="none" stroke="currentColor" stroke-width="2.5" />
      <circle cx="8" cy="16" r="5" fill="currentColor" />
      <circle cx="24" cy="7" r="3.5" fill="currentColor" />
      <circle cx="24" cy="16" r="3.5" fill="currentColor" />
      <circle cx="24" cy="25" r="3.5" fill="currentColor" />
    </svg>
  );
}
