# Two stages: the first builds a virtual environment from locked versions, the second holds only what runs.
FROM python:3.13-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /src
RUN python3 -m venv /opt/monitor
COPY requirements.lock ./
RUN /opt/monitor/bin/pip install --quiet --require-hashes --no-deps -r requirements.lock
COPY pyproject.toml README.md LICENSE CHANGELOG.md feeds.yaml rules.yaml ./
COPY monitor ./monitor
RUN /opt/monitor/bin/pip install --quiet --no-deps --no-build-isolation . \
 && /opt/monitor/bin/pip uninstall --quiet --yes pip mypy ruff pytest hypothesis hatchling setuptools 2>/dev/null || true

FROM python:3.13-slim
LABEL org.opencontainers.image.title="News monitor" \
      org.opencontainers.image.description="Polls news feeds, matches rules in many languages, sends digests" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN groupadd --system --gid 10001 monitor \
 && useradd --system --uid 10001 --gid monitor --home-dir /data --shell /usr/sbin/nologin monitor \
 && mkdir -p /data /config && chown monitor:monitor /data
COPY --from=build /opt/monitor /opt/monitor
ENV PATH=/opt/monitor/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \
    MONITOR_FEEDS=/config/feeds.yaml MONITOR_RULES=/config/rules.yaml MONITOR_DB=/data/monitor.db \
    MONITOR_LOG_FORMAT=json
USER monitor
WORKDIR /data
VOLUME /data
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 CMD ["monitor", "health"]
ENTRYPOINT ["monitor"]
CMD ["run"]
