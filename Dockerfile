# The image runs the flows from a checkout; mount the archive read-only and the workspace read-write.
FROM python:3.11-slim-bookworm
ENV PREFECT_SERVER_ANALYTICS_ENABLED=false DO_NOT_TRACK=1 PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1
WORKDIR /app
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY petarseg petarseg
COPY cli cli
COPY flows flows
COPY tasks tasks
COPY schemas schemas
COPY prompts prompts
COPY configs configs
COPY data_contracts data_contracts
COPY prefect.yaml prefect.toml ./
RUN pip install -c constraints.txt -e ".[postgres]"
ENTRYPOINT ["petarseg"]
CMD ["--help"]
