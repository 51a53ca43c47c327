# Two stages: the first builds from locked versions, the second holds only what runs.
FROM python:3.13-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /src
COPY requirements.lock requirements-run.lock ./
RUN python3 -m venv /opt/build && /opt/build/bin/pip install --quiet --require-hashes -r requirements.lock
RUN python3 -m venv /opt/monitor && /opt/monitor/bin/pip install --quiet --require-hashes -r requirements-run.lock
COPY pyproject.toml README.md LICENSE CHANGELOG.md feeds.yaml rules.yaml ./
COPY monitor ./monitor
RUN /opt/build/bin/pip wheel --quiet --no-deps --no-build-isolation --wheel-dir /dist . \
 && /opt/monitor/bin/pip install --quiet --no-deps /dist/*.whl \
 && /opt/monitor/bin/python -m compileall -q /opt/monitor/lib \
 && /opt/monitor/bin/pip uninstall --quiet --yes pip

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
COPY feeds.yaml rules.yaml /config/
USER monitor
WORKDIR /data
VOLUME /data
# Where the site listens if MONITOR_LISTEN=0.0.0.0:8080 asks for it.
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 CMD ["monitor", "health"]
ENTRYPOINT ["monitor"]
CMD ["run"]
