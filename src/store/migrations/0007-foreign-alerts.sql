-- What a PagerDuty incident that is none of ours looked like when it was last examined: when that changes, it is examined again.
alter table gapwatch.foreign_alerts add column mark text not null default '';
