import cProfile, pstats, time, os
import pytest
from django.db import connection
from audiences.clock import read_now
from audiences.models import Customer
from deliveries.models import Delivery
from tests.builders import make_campaign, make_running_send, make_message
from tests.deliveries.dispatches import run
from tests.deliveries.conftest import memory  # noqa
from deliveries.services import dispatching
N=20000
@pytest.mark.django_db(transaction=True)
def test_profile(memory):
    now=read_now()
    Customer.objects.bulk_create(Customer(pk=i, external_id=f"c{i}", name=f"Name {i}", email=f"c{i}@example.com", timezone="Europe/Berlin", attributes={"plan":"pro","city":"Berlin"}) for i in range(1,N+1))
    send = make_running_send(make_campaign(channels=["memory"]), now)
    c,v=send.campaign,send.version
    Delivery.objects.bulk_create((Delivery(send=send, customer_id=i, channel="memory", version=v, variant="A", topic_id=c.topic_id, team_id=c.team_id, obeys_caps=True, counts_toward_caps=True, due_at=now, closes_at=now.replace(year=2100), expires_at=now.replace(year=2100)) for i in range(1,N+1)), batch_size=2000)
    with connection.cursor() as cur: cur.execute("ANALYZE")
    from django.db.backends.utils import CursorWrapper
    from collections import defaultdict
    acc=defaultdict(lambda:[0,0.0]); orig=CursorWrapper.execute
    import re
    def ex(self, sql, params=None):
        a=time.perf_counter()
        try: return orig(self, sql, params)
        finally:
            k=re.sub(r"(%s(, )?)+","?",sql)[:30]+" ... "+re.sub(r"(%s(, )?)+","?",sql)[-60:]; acc[k][0]+=1; acc[k][1]+=time.perf_counter()-a
    CursorWrapper.execute=ex
    p=cProfile.Profile()
    t=time.perf_counter(); c0=time.process_time()
    if os.environ.get("PROF"): p.enable()
    counts=run(now=now, budget_seconds=600)
    if os.environ.get("PROF"): p.disable()
    e=time.perf_counter()-t
    print("\nRATE", N/e, "cpu us/msg", (time.process_time()-c0)/N*1e6, counts)
    CursorWrapper.execute=orig
    for k,(n,tt) in sorted(acc.items(), key=lambda x:-x[1][1])[:12]: print(f"{tt:.2f}s {n:5d} {tt/N*1e6:.1f}us/msg {k}")
    if os.environ.get("PROF"): pstats.Stats(p).sort_stats("tottime").print_stats(35)
