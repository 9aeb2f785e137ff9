from calendar_project.broker import PATIENCE, broker_options


def test_a_redis_that_is_gone_without_a_word_is_not_waited_for_without_end() -> None:
    for url in ("redis://host:6379/0", "rediss://host", "redis+socket:///run/redis.socket"):
        options = broker_options(url)
        assert options["socket_keepalive"] is True
        waits = {options[name] for name in ("socket_timeout", "socket_connect_timeout", "health_check_interval")}
        assert waits == {PATIENCE}


def test_a_worker_reads_for_ten_seconds_at_a_time_which_is_no_silence() -> None:
    assert PATIENCE > 10


def test_each_kind_of_broker_is_told_what_it_understands_alone() -> None:
    assert broker_options("amqp://host//") == {}
    assert broker_options("memory://localhost/") == {"polling_interval": 0.05}
