import type { JSX } from "hono/jsx/jsx-runtime";
import { Layout, Sign } from "./layout.tsx";

/** The page on which an administrator signs in. */
export function SignInPage({ refusal, username }: { refusal?: string; username?: string }): JSX.Element {
  return (
    <Layout title="Sign in · Flotilla" kind="signing-in">
      <main>
        <form method="post" action="/dashboard/sign-in" class="panel">
          <h1>
            <Sign /> Flotilla
          </h1>
          <p class="quiet">The dashboard is for administrators.</p>
          <p role="alert" class="refusal">{refusal ?? ""}</p>
          <label>
            Name
            <input
              name="username"
              autocomplete="username"
              autocapitalize="none"
              spellcheck={false}
              required
              maxlength={256}
              value={username ?? ""}
            />
          </label>
          <label>
            Password
            <input name="password" type="password" autocomplete="current-password" required maxlength={256} />
          </label>
          <button type="submit">Sign in</button>
        </form>
      </main>
    </Layout>
  );
}
