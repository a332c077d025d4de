from flyteidl2.task import task_definition_pb2


def missing_packages(spec: task_definition_pb2.TaskSpec) -> list[str]:
    return []
