output "PAGERDUTY_FROM_EMAIL" {
  value = pagerduty_user.gapwatch.email
}

output "PAGERDUTY_ROUTING_KEY" {
  value     = pagerduty_service_integration.events.integration_key
  sensitive = true
}

# PagerDuty tells it once, in its answer to the creation; an imported subscription has none.
output "PAGERDUTY_WEBHOOK_SECRET" {
  value     = pagerduty_webhook_subscription.gapwatch.delivery_method[0].secret
  sensitive = true
}
