import { isGivenName, isSurname } from './names.ts';

/** Words that engineers and clinics capitalise, or write after "patient" and "user", and that name nobody. */
const WORDS: ReadonlySet<string> = new Set(
  `a about above abort aborted aborting accept accepted access account accounts acked acknowledge action actions active activity actor actual add
  added adding additional address addresses admin administrator advisory affected after again against agent aggregate ago alert alertmanager alerts
  alive all allow allowed almost already also alter always amazon among an analytics analyze and annotation another any anyway apache api app
  appears append apple application applications applied apply approve approved april archive archived are area argument array article as asia ask
  asked assertion assign assigned assignment async at attempt attempts audit auditlog audits august auth authentication authorization auto
  autovacuum availability available average aws azure back backend background backfill backup backups bad balancer bare base bash batch be because
  been before began begin behind being below beside better between beyond bigint billing bind biome block blocked blocker blocks blue board bolt
  both bot boundary branch breach break bridge broke broken browser bucket buffer bug build builder building builds bump bumped bundle business busy but
  button by bytes cache cached call called calls came can cancel cancelled cannot canary canceling cannot capacity care cascade case catalog catch
  cause caused central certificate certificates chain change changed changelog changes changing channel channels charge chart charts check checked checker checking
  checkpoint checks checksum chief child chrome circuit class clean cleanup clear cleared client clients clinic clinical clock close closed cloud
  cloudflare cloudwatch cluster code codes cold collation collector color column columns command commander commands comment commit commits committed
  common community compare compliance component compose config configuration configure conflict connect connected connecting connection connections
  consent console constraint constraints consumer contact container contains content context continue contract control controller cookie copied copy
  core corrupt cost could count counter counts cpu crash crashed create created creates creating creation credentials critical cron cross current
  currently cursor custom customer cut cycle daemon daily dash dashboard dashboards data database databases datadog dataset date day days dead
  deadline deadlock debian debug december decided declare declared default defer degraded delay delete deleted deletes deleting delivery demo denied
  deno department dependency dependencies deploy deployed deploying deployment deployments deprecated describe design desk detail details detected dev
  developer device devops diagnose did diff digest digitalocean director disable disabled discharge disconnect disk dispatch do docker docs does domain
  done down downgrade download downstream draft drain drift drill drop dropped drops droplet due dump duplicate duration during each early east edge
  edit effect either elastic elasticsearch elastic electronic eligible else email emergency empty enable enabled encounter end endpoint ended engine
  engineer engineering engineers enough ensure entity entries entry env environment epic error errors escalate escalated escalation estimate
  etcd event events every everything evidence exact except exceeded exception exclusive exec execute executed execution existing exists exit
  expected expired explain export exporter exposed express extension external extra fact failed failing fails failure failures fallback false far fast
  fatal feature february fetch few fhir field fields file files fill filter final find fine finished firefox firewall first fix fixed fixes flag flags
  flaky flow flush fly folder follow for forbidden force foreign fork form format forms found framework free fresh friday from front frontend full
  function functions further garbage gateway gave general generated get getting git github gitlab given glass global go goes going golang google got grafana
  grant granted graph green group groups guard guest half handle handler hard hardware has hash have he head header headers health healthcheck
  healthy heap heartbeat held hello help her here high hint his history hold holder holds home honeycomb host hosts hot hotfix hour hours how
  however html http https hub id idle if ignore image images impact import important improve in inbound incident incidents include including index
  indexes info information infrastructure ingress initial initialize inner input insert inserted inserts insight inspect install instance instances
  instead insufficient integer integration interface internal interval into invalid investigate investigated investigation invoke io is issue issued
  issues it item its january java javascript jenkins jira job jobs join journal json july just kafka keep key keys kick kill killed kind know known
  kubernetes lab label lag lambda lane large last late latency later latest launch layer lead leader leak least left legacy length less level
  library license like likely limit limited limits line lines link linux lint list listen listener live load local locale lock locked locks log
  logger logging login logs logout long look looked looking looks lookup loop loss lost lots low macos made mail main maintenance major make makes manager manual many
  map march mark marked mask master match matches materialized maximum may mean measure medical meeting memory mesh message messages metadata metric
  metrics microsoft middleware might migrate migrated migration migrations minimum minor minute minutes mismatch miss missed missing mistake mobile
  mode model module moment monday monitor monitoring month more most mounted move moved moving much multiple must mutex my name named names namespace native
  near need needed needs nest net network never new newer newest next nextjs nginx night no nobody node nodes none normal north not note notes nothing notice
  notification notified notify november now npm null number nurse object october of off office officer official offline offset ok okta old older on
  onboarding once oncall one ongoing only open opened openssl operation operations operator option or oracle order organization origin orm orphan other
  others our out outage outbound outbox outdated output outside over overflow overview own owner owned package page paged pager pagerduty pages panel parallel
  parameter parent parse parser part partition partitions pass passed password past patch path patient patients pause payload peak pending people per
  percent performance perhaps permission permissions person pg pgbouncer phase phone php physical pid pin ping pipeline place plan planned platform
  please pm pod pods point policy poll pool pooler port portal ports position possible post postgres postgresql postmortem power precondition premium prepare
  prepared present press preview previous primary principal prisma privacy private privilege probably probe problem procedure process produces product
  production profile program progress project prometheus promise promises protocol provider proxy public publication publish pull purge push put
  python quarantine queries query question queue queued quick quiet quota rails ran random range rate raw reach reached react read readable reader
  reading readonly reads ready real really reason rebalance reboot rebuild receipt received recent recheck reconnect record recorded records recover recovered recovery
  red redeploy redirect redis reference refresh refused regex region regression reindex reject rejected related relation release released releases reload
  remaining remedy remember remote remove removed removes rename renamed replace replaced replay replica replicas replication reply report reported reports repository
  request requested requests require required requires reset resize resolve resolved resolver resource resources response responsible rest restart
  restarted restarting restarts restore restored result results retention retried retries retry return returned returns revert reverted reverts review
  revision revoke revoked right rights risk role roles roll rollback rolled rolling rollout root rotate rotated round route router routes row rows ruby
  rule rules run runbook runner running runs runtime safari safe same sample saturday save saved saw say says scale scaled scaling scan schedule scheduled
  scheduler schema schemas scope screen script scripts search searches second seconds secret section security see seem seems seen segment select self send
  sending sends sent sentry september sequelize sequence sequential serial serializable serialization server servers service services session sessions set setting settings setup
  several severity shall shape shard share shared she shell shift ship shipped short should show showed shows shut shutdown side sidecar sidekiq sign signal signature signed
  silence silent similar simple since single size skip skipped slack slow small smoke snapshot so socket software some something soon source
  south space spec spike spool spring sql sqlstate ssh ssl stable stack staff stage staging stale standby start started starting starts startup state statement statements
  static statistics status stay stays step steps still stop stopped stops storage store stored stores stream streaming stripe strict structure stuck sub
  submit subnet subscription success such sudden sunday super superuser support sure suspect swap switch switched switches sync synchronous syntax system
  systems table tables tag tags take taken takes talk target task tasks team teams telemetry temp template temporary tenant term terminate terminated
  terminating terraform test tested testing tests than that the their them then there these they thing think this those though thread threads three threshold through
  throw throws thursday ticket time timed timeline timeout timeouts timer times timestamp tmp to today together told tomorrow tonight too took tool top topic
  total touch touches trace traces track tracking traffic transaction transactions transfer trigger triggers tried tries true truncate trust try
  tuesday tune tunnel tuple turn turned two type types typescript ubuntu ui unable unauthorized unavailable unbound unclear under undefined unexpected unhandled uninstall
  union unique unit unix unknown unless unlock until unused up update updated updates upgrade upgraded upload upstream uptime us usage use used user users using usually
  utc utility vacuum valid validate validation value values variable vault vendor verified verify version versions very via view views virtual visible
  volume wait waited waiting waits waive wal want warehouse warn warning warnings was watch watchdog way we web webhook webhooks webpack website wednesday week
  weekend weeks weight well went were west what when where whether which while who whole whose why wide width will windows wire with within
  without word work worked worker workers workflow working workload works workspace worse would wrapper write writer writes writing written wrong wrote
  www xid year years yes yesterday yet you your zero zone eu america europe amsterdam frankfurt london york francisco singapore tokyo hipaa phi ehr emr hl7 icd cerner
  epic healthcare hospital practice ward icu er nan adt oru pii gdpr hhs uuid cuid url uri csv pdf xml yaml ip tcp udp tls dns vpc iam ecs eks rds s3 sqs
  sns ec2 ci cd pr mr lsn oom oid jwt oauth sso saml mfa cli sdk ide os vm ram ssd nfs sre dba cto ciso ceo vp qa eta sla slo rpo rto
  wants says said being id ids left joined visits visit chart charts flow journey safety summary intake registration demographics identifier identifiers count counting facing lists listing`.split(
    /\s+/,
  ),
);

/** Endings of words that describe work; the surnames among them (Browning, Fleming) are told apart by their list only. */
const ENDING =
  /(?:tion|tions|sion|ment|ments|ness|ware|able|ible|ing|ings|ized|ised|ated|ality|ility|ance|ence|ously|ally|ship|less|ful|ured|cted|rted|ssed|lled|tted|lized|ically|ously|ors|ers|ies)$/i;

/** Whether a word is an ordinary or technical one, so that its capital letter makes no name of it. */
export function isVocabulary(word: string): boolean {
  const lower = word.toLowerCase();
  if (WORDS.has(lower)) return true;
  return lower.length > 5 && ENDING.test(lower) && !isGivenName(lower) && !isSurname(lower);
}
