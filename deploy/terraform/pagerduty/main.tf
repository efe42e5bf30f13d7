# The user as whom Gapwatch acknowledges, until somebody presses "I'm on it" in Slack.
resource "pagerduty_user" "gapwatch" {
  name  = "Gapwatch"
  email = var.gapwatch_email
  role  = "limited_user"
}

resource "pagerduty_escalation_policy" "audit_log" {
  name      = "Audit log"
  num_loops = 2

  dynamic "rule" {
    for_each = var.levels
    content {
      escalation_delay_in_minutes = var.escalation_delay_minutes
      target {
        type = "schedule_reference"
        id   = rule.value
      }
    }
  }
}

# Neither of PagerDuty's timeouts: Gapwatch resolves when records are written again, and only then.
resource "pagerduty_service" "audit_log" {
  name                    = "Audit log"
  description             = "HIPAA audit records are written without gaps."
  escalation_policy       = pagerduty_escalation_policy.audit_log.id
  alert_creation          = "create_alerts_and_incidents"
  acknowledgement_timeout = "null"
  auto_resolve_timeout    = "null"

  incident_urgency_rule {
    type    = "constant"
    urgency = "high"
  }
}

# Where the watch (docs/watch.md) and Alertmanager raise their alerts.
resource "pagerduty_service_integration" "events" {
  name    = "Gapwatch and Alertmanager"
  type    = "events_api_v2_inbound_integration"
  service = pagerduty_service.audit_log.id
}

resource "pagerduty_webhook_subscription" "gapwatch" {
  type        = "webhook_subscription"
  description = "Gapwatch"
  active      = true

  delivery_method {
    type = "http_delivery_method"
    url  = "${var.public_url}/pagerduty/webhook"
  }

  filter {
    type = "service_reference"
    id   = pagerduty_service.audit_log.id
  }

  events = [
    "incident.acknowledged",
    "incident.annotated",
    "incident.delegated",
    "incident.escalated",
    "incident.priority_updated",
    "incident.reassigned",
    "incident.reopened",
    "incident.resolved",
    "incident.responder.added",
    "incident.responder.replied",
    "incident.status_update_published",
    "incident.triggered",
    "incident.unacknowledged",
  ]
}
