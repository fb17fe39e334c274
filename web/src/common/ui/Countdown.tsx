import { second, serverNow } from "../clock";
import { exactly, remaining } from "../format";

/** How long is left, counted down by the server's clock, with the instant it ends. */
export function Countdown({ until, zone }: { until: string; zone?: string | undefined }) {
  void second.value;
  return (
    <span class="countdown">
      <strong role="timer">{remaining(Date.parse(until) - serverNow())}</strong>{" "}
      <time dateTime={until}>({exactly(until, zone)})</time>
    </span>
  );
}
