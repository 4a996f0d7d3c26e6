declare const _default: {
    unreachable: {
        severity: string;
        title: string;
        why: string;
        nginx: null;
        haproxy: null;
        caddy: null;
    };
    unavailable: {
        severity: string;
        title: string;
        why: string;
        nginx: string;
        haproxy: string;
        caddy: string;
    };
    "not-fanfare": {
        severity: string;
        title: string;
        why: string;
        nginx: string;
        haproxy: string;
        caddy: string;
    };
    "query-lost": {
        severity: string;
        title: string;
        why: string;
        nginx: string;
        haproxy: string;
        caddy: string;
    };
    "status-replaced": {
        severity: string;
        title: string;
        why: string;
        nginx: string;
        haproxy: string;
        caddy: string;
    };
    "http-1.0": {
        severity: string;
        title: string;
        why: string;
        nginx: string;
        haproxy: string;
        caddy: string;
    };
    "http-1.1": {
        severity: string;
        title: string;
        why: string;
        nginx: string;
        haproxy: string;
        caddy: string;
    };
    buffered: {
        severity: string;
        title: string;
        why: string;
        nginx: string;
        haproxy: string;
        caddy: string;
    };
    compressed: {
        severity: string;
        title: string;
        why: string;
        nginx: string;
        haproxy: string;
        caddy: string;
    };
    "idle-timeout": {
        severity: string;
        title: string;
        why: string;
        nginx: string;
        haproxy: string;
        caddy: string;
    };
    "idle-margin": {
        severity: string;
        title: string;
        why: string;
        nginx: string;
        haproxy: string;
        caddy: string;
    };
    "age-limit": {
        severity: string;
        title: string;
        why: string;
        nginx: string;
        haproxy: string;
        caddy: string;
    };
    "authorization-lost": {
        severity: string;
        title: string;
        why: string;
        nginx: string;
        haproxy: string;
        caddy: string;
    };
    "last-event-id-lost": {
        severity: string;
        title: string;
        why: string;
        nginx: string;
        haproxy: string;
        caddy: string;
    };
    "cookie-lost": {
        severity: string;
        title: string;
        why: string;
        nginx: string;
        haproxy: string;
        caddy: string;
    };
    "cors-refused": {
        severity: string;
        title: string;
        why: string;
        nginx: string;
        haproxy: string;
        caddy: string;
    };
    "preflight-refused": {
        severity: string;
        title: string;
        why: string;
        nginx: string;
        haproxy: string;
        caddy: string;
    };
    "clock-skew": {
        severity: string;
        title: string;
        why: string;
        nginx: null;
        haproxy: null;
        caddy: null;
    };
    "heartbeats-too-rare": {
        severity: string;
        title: string;
        why: string;
        nginx: null;
        haproxy: null;
        caddy: null;
    };
    cached: {
        severity: string;
        title: string;
        why: string;
        nginx: string;
        haproxy: string;
        caddy: null;
    };
    limited: {
        severity: string;
        title: string;
        why: string;
        nginx: string;
        haproxy: string;
        caddy: string;
    };
    drained: {
        severity: string;
        title: string;
        why: string;
        nginx: null;
        haproxy: null;
        caddy: null;
    };
};
export default _default;
