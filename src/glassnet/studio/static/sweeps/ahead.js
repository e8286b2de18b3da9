// What a filled form will be: how many combinations, at once; and how long they may take, when asked.
import { html, useEffect, useRef, useState } from "../parts/html.js";
import { get, post } from "../parts/api.js";
import { Button, Wrong } from "../parts/show.js";
import { capital, count, counted } from "../parts/words.js";

const REST_MS = 250;

// Return {value, error} of the plan of a wish, asked for a moment after the last change.
export function usePlan(wish) {
  const [state, setState] = useState({ value: null, error: "" });
  const text = JSON.stringify(wish);
  useEffect(() => {
    let gone = false;
    const timer = setTimeout(() => post("/api/sweeps/plan", wish).then((value) => { if (!gone) setState(value.refused ? { value: null, error: value.refused } : { value, error: "" }); },
      (error) => { if (!gone) setState({ value: null, error: error.message }); }), REST_MS);
    return () => { gone = true; clearTimeout(timer); };
  }, [text]);
  return state;
}

export function Plan({ plan, empty }) {
  if (empty) return html`<p class="note">Nothing varies yet.</p>`;
  if (plan.error) return plan.error.includes("no values yet") ? html`<p class="note">${plan.error}</p>` : html`<${Wrong} text=${plan.error} />`;
  if (!plan.value) return html`<p class="note">Counting …</p>`;
  const { text, runs, combinations, choices } = plan.value;
  return html`<p>${capital(text)}${runs !== null && runs !== combinations ? `: ${counted(runs, "run")}` : ""}.</p>
    ${choices.length ? html`<ul class="note reasons">${choices.map((choice) => html`<li key=${choice.field}>${choice.field.split(".").pop()}: ${String(choice.value)}, because ${choice.reason.replaceAll("`", "")}.</li>`)}</ul>` : null}`;
}

// The estimate belongs to one wish: it goes when the wish changes, and so does the work on it.
export function HowLong({ wish, ready }) {
  const [state, setState] = useState({ state: "none" });
  const text = JSON.stringify(wish);
  const asked = useRef({ id: "", timer: 0, number: 0 });
  const leave = () => {
    const old = asked.current;
    clearTimeout(old.timer);
    if (old.id) post(`/api/sweeps/estimate/${old.id}/stop`).catch(() => {});
    asked.current = { id: "", timer: 0, number: old.number + 1 };
  };
  useEffect(() => {
    setState({ state: "none" });
    return leave;
  }, [text]);
  const begin = () => {
    leave();
    const mine = asked.current;
    const fail = (error) => { if (asked.current === mine) { mine.id = ""; setState({ state: "failed", error: error.message }); } };
    const ask = () => get(`/api/sweeps/estimate/${mine.id}`).then((found) => {
      if (asked.current !== mine) return;
      setState(found);
      if (found.state === "working") mine.timer = setTimeout(ask, REST_MS);
      else mine.id = "";
    }, fail);
    return post("/api/sweeps/estimate", wish).then(({ id }) => {
      if (asked.current !== mine) return;
      mine.id = id;
      setState({ state: "working" });
      ask();
    });
  };
  const said = state.state === "done" ? state.found.times : state.state === "working" ? "Pictures are read, and a few steps of these networks are timed …"
    : state.state === "stopped" ? "It was stopped." : "A few steps of these networks are timed on this machine.";
  return html`<div class="how-long">
    <p>${state.state === "working" ? html`<${Button} work=${() => { leave(); setState({ state: "stopped" }); return Promise.resolve(); }}>Stop estimating</${Button}>`
      : ready ? html`<${Button} work=${begin}>Estimate the time</${Button}>` : html`<button type="button" class="button" disabled>Estimate the time</button>`}</p>
    <p role="status" class=${state.state === "done" ? "estimate" : "note"}>${said}${state.state === "done" && state.found.workers ? html`<br /><span class="note">${workersSaid(state.found)}</span>` : null}</p>
    <${Wrong} text=${state.state === "failed" ? state.error : ""} />
  </div>`;
}

function workersSaid(found) {
  const { threads, device, precision } = found.plan;
  return `Every run: ${[threads ? counted(threads, "thread") : "", device, precision].filter(Boolean).join(", ")}. ${count(found.workers)} at a time.`;
}
