// First what matters: the score with its interval, what needs no network, the verdict, and the sealed test set.
import { html, useEffect, useState } from "../parts/html.js";
import { post, useAnswer } from "../parts/api.js";
import { Button, Next, Prose, Wrong } from "../parts/show.js";
import { capital, count, counted, score } from "../parts/words.js";

const CALLED = { test: "the test set", validation: "the validation set", train: "the training set" };

export function Headline({ run, found, split, opened }) {
  const scores = found.splits[split];
  const best = scores && scores.trivial.reduce((top, one) => (top && top.value >= one.value ? top : one), null);
  return html`<div class="head">
    <div class="card">${!scores ? html`<p>No score yet.</p><p class="note">This run has no validation pictures and its test set is sealed.</p>`
      : scores.headline ? html`<p>${capital(scores.headline.name)} on ${CALLED[split]}</p><p class="big">${score(scores.headline.value)}</p>
        <p>between ${score(scores.headline.low)} and ${score(scores.headline.high)} with 95 % confidence, from ${counted(scores.headline.n, "picture")}</p>
        ${best ? html`<p class="note">Without any network: ${score(best.value)} (${best.name})</p>` : null}`
      : html`<p>The ${scores.headline_name} could not be taken on ${CALLED[split]}.</p>`}</div>
    <${Sealed} run=${run} test=${found.test} flatters=${split === "validation" && found.epochs > 1 ? found.epochs : 0} opened=${opened} />
  </div>
  ${scores ? scores.warnings.map((text) => html`<p class="warning"><strong>Warning.</strong> <${Prose} text=${text} /></p>`) : null}
  ${scores && scores.leaks ? html`<p class="warning"><strong>What leaks are worth.</strong> <${Prose} text=${scores.leaks} /></p>` : null}
  <${Verdict} verdict=${found.verdict} opened=${found.test.opened} />`;
}

function Verdict({ verdict, opened }) {
  if (!verdict || !verdict.sentences) return null;
  return html`<div class=${`verdict ${verdict.kind === "balanced" ? "good" : ""}`}>
    <p><strong>${capital(verdict.kind)}.</strong> <${Prose} text=${verdict.sentences.join(" ")} /></p>
    <${Next} step=${verdict.next_step} opened=${opened}>the button above</${Next}></div>`;
}

// The test set: sealed, being opened, or opened. Opening it takes a second press, after a plain warning.
function Sealed({ run, test, flatters, opened }) {
  const [asks, setAsks] = useState(false);
  const now = useAnswer(`/api/results/${run}/test`);
  const state = now.value || test;
  useEffect(() => {
    if (!state.opening) return undefined;
    const timer = setInterval(now.again, 500);
    return () => clearInterval(timer);
  }, [state.opening, now.again]);
  useEffect(() => {
    if (!state.opening && state.opened !== test.opened) opened();
  }, [state.opening, state.opened, test.opened]);
  const open = () => post(`/api/results/${run}/test`).then(() => { setAsks(false); now.again(); });
  if (!state.pictures) return html`<div class="card"><p>No test set.</p><p class="note">No pictures were set aside, so there is no score that training could not lean on.</p></div>`;
  return html`<div class="card test-set" aria-live="polite">
    ${state.opening ? html`<p>The test set is being opened: the network answers for ${counted(state.pictures, "picture")}.</p><p><progress aria-label="Opening the test set"></progress></p>`
      : state.opened ? html`<p>The test set, ${counted(state.pictures, "picture")} that training never saw, was opened ${state.opened === 1 ? "once" : `${state.opened} times`}.</p>
          ${state.opened > 1 ? html`<p class="note">Every look after the first makes its score a little less honest.</p>` : null}`
      : asks ? html`<p><strong>Open it once, when you are done choosing.</strong></p>
          <p>Whoever looks at the test set and then changes a setting has used it for choosing, and its score is not honest any more. That it was opened is written into the run and cannot be undone.</p>
          <p class="row"><${Button} kind="main" work=${open}>Open it now</${Button}> <button type="button" class="button" onClick=${() => setAsks(false)}>Leave it sealed</button></p>`
      : html`<p>The test set is sealed: ${counted(state.pictures, "picture")} that nothing has seen.</p>
          <p><button type="button" class="button" onClick=${() => setAsks(true)}>Open the test set</button></p>
          ${flatters ? html`<p class="note">Validation chose the best of ${count(flatters)} epochs, so its score flatters a little; the test set's will not.</p>` : null}`}
    <${Wrong} text=${state.error || now.error} /></div>`;
}
