// Exact counts of a question with two classes at a threshold, and the intervals of shares: what evaluation computes, for every place of a slider.
const Z = 1.959963984540054;

// Return Wilson's 95 % interval of `hits` in `n`, [0, 1] where there is nothing to count.
export function wilson(hits, n) {
  if (!n) return [0, 1];
  const share = hits / n;
  const middle = share + (Z * Z) / (2 * n);
  const half = Z * Math.sqrt((share * (1 - share)) / n + (Z * Z) / (4 * n * n));
  const base = 1 + (Z * Z) / n;
  return [hits === 0 ? 0 : (middle - half) / base, hits === n ? 1 : (middle + half) / base];
}

export function share(hits, n) {
  const [low, high] = wilson(hits, n);
  return { value: n ? hits / n : null, low, high, hits, n };
}

// Count answers at a threshold: a picture is answered with the positive class from this probability on.
export function at(answers, threshold) {
  const found = { hits: 0, alarms: 0, misses: 0, rejections: 0 };
  answers.chances.forEach((chance, i) => {
    const positive = answers.truths[i] === answers.side;
    if (chance >= threshold) found[positive ? "hits" : "alarms"] += 1;
    else found[positive ? "misses" : "rejections"] += 1;
  });
  const { hits, alarms, misses, rejections } = found;
  const twice = 2 * hits + alarms + misses;
  return {
    ...found,
    precision: share(hits, hits + alarms),
    recall: share(hits, hits + misses),
    accuracy: share(hits + rejections, answers.truths.length),
    falsePositives: share(alarms, alarms + rejections),
    f1: twice ? (2 * hits) / twice : null,
  };
}

// Every point of both curves, from the highest probability down; equal probabilities share one point.
export function curves(answers) {
  const order = answers.chances.map((_, i) => i).sort((a, b) => answers.chances[b] - answers.chances[a]);
  const positives = answers.truths.filter((truth) => truth === answers.side).length;
  const negatives = answers.truths.length - positives;
  if (!positives || !negatives) return null;
  const roc = [[0, 0]];
  const pr = [];
  let [hits, alarms] = [0, 0];
  order.forEach((i, place) => {
    if (answers.truths[i] === answers.side) hits += 1;
    else alarms += 1;
    if (place + 1 < order.length && answers.chances[order[place + 1]] === answers.chances[i]) return;
    roc.push([alarms / negatives, hits / positives]);
    pr.push([hits / positives, hits / (hits + alarms)]);
  });
  return { roc, pr };
}

// The answers as they are at a threshold; with more than two classes, or none asked for, as the network gave them.
export function answersAt(answers, threshold) {
  if (threshold === null || !answers.chances) return answers.answers;
  return answers.chances.map((chance) => (chance >= threshold ? answers.side : 1 - answers.side));
}

// The matrix of counts and the places of the pictures in each cell, the most telling first: sure mistakes, doubtful right answers.
export function matrix(answers, classes, threshold) {
  const given = answersAt(answers, threshold);
  const places = Array.from({ length: classes * classes }, () => []);
  given.forEach((answer, i) => places[answers.truths[i] * classes + answer].push(i));
  const doubt = (i) => (answers.chances ? (given[i] === answers.side ? answers.chances[i] : 1 - answers.chances[i]) : answers.sure[i]);
  places.forEach((inside, cell) => {
    const right = Math.floor(cell / classes) === cell % classes;
    inside.sort((a, b) => (right ? doubt(a) - doubt(b) : doubt(b) - doubt(a)));
  });
  return { given, places, doubt };
}
