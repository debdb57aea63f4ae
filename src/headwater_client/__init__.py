"""A client of Headwater's API: rows listed, made, changed and told about, safe to be interrupted.

```python
from headwater_client import Client

headwater = Client("https://crm.example", token="hw_…")
for lead in headwater.iterate("leads", stage="NEW,WORKING", sort="-arrived_at"):
    print(lead.id, lead["title"])
```
"""

from headwater_client.answers import Bulk, Change, Changes, Count, Item, Job, Page, Record, Webhook
from headwater_client.client import Client
from headwater_client.errors import Problem, Unreachable
from headwater_client.sending import Answer, Asked, Http, Transport
from headwater_client.webhooks import BadSignature, Message, verify

__all__ = [
    "Answer", "Asked", "BadSignature", "Bulk", "Change", "Changes", "Client", "Count", "Http", "Item", "Job",
    "Message", "Page", "Problem", "Record", "Transport", "Unreachable", "Webhook", "verify",
]  # fmt: skip
