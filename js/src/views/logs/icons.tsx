/** Icons of the log's tools. */

import { Svg } from "../icons";

export const DownloadIcon = () => (
  <Svg>
    <path d="M8 2.5v7.6M4.8 7 8 10.2 11.2 7M3 13.4h10" />
  </Svg>
);

export const ClockIcon = () => (
  <Svg>
    <circle cx="8" cy="8" r="5.75" />
    <path d="M8 4.8V8l2.2 1.5" />
  </Svg>
);

export const WrapIcon = () => (
  <Svg>
    <path d="M2.5 4h11M2.5 8h8.3a2 2 0 0 1 0 4H8M9.6 10.2 7.8 12l1.8 1.8M2.5 12h2.3" />
  </Svg>
);

export const SystemIcon = () => (
  <Svg>
    <path d="M2 8s2.2-3.8 6-3.8S14 8 14 8s-2.2 3.8-6 3.8S2 8 2 8zM3 13 13 3" />
  </Svg>
);
