"""Adds up what each store earned in a window. Where there are no windows, each batch is one."""

import base64
import json
import os

import boto3

firehose = boto3.client("firehose", endpoint_url=os.environ.get("AWS_ENDPOINT_URL"))


def handler(event, context):
    revenue = dict(event.get("state") or {})
    for record in event["Records"]:
        sale = json.loads(base64.b64decode(record["kinesis"]["data"]))
        revenue[sale["store_id"]] = revenue.get(sale["store_id"], 0) + sale["amount"]
    if event.get("isFinalInvokeForWindow") is False:
        return {"state": revenue}
    end = (event.get("window") or {}).get("end", "")
    common = {"window_end": end, "by": "store_revenue_per_min"}
    lines = [{"store_id": store, "revenue": cents, **common} for store, cents in sorted(revenue.items())]
    if lines:
        records = [{"Data": json.dumps(line).encode()} for line in lines]
        firehose.put_record_batch(DeliveryStreamName=os.environ["DELIVERY_STREAM_NAME"], Records=records)
    print(json.dumps({"level": "INFO", "window_end": end, "stores": len(lines)}))
    return {}
