// The address of a state of the glass, readable: /glass/RUN?picture=17&at=conv2/7/3/4~conv1/2/8/9. Other values of the query stay.

export function address(run, query, changes) {
  const all = new URLSearchParams(query);
  for (const [name, value] of Object.entries(changes)) {
    if (value === "" || value === null || value === undefined) all.delete(name);
    else all.set(name, value);
  }
  const text = [...all].map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value).replaceAll("%2F", "/")}`).join("&");
  return `/glass/${run}${text ? `?${text}` : ""}`;
}
