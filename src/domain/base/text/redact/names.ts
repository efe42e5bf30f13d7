/** Common given names that are no ordinary English words: in any case of letters they are people. */
const GIVEN =
  set(`aaron abdul abdullah abigail adam adrian adriana agnes ahmad ahmed aisha alan albert alejandra alejandro alex alexander alexandra
  alexis alfred alice alicia alison allison alyssa amanda amelia amina amir amy ana anastasia andrea andreas andrew andrzej angela angelina
  anita anke ann anna anne annette annie anthony antoine antonio ashley astrid audrey ayesha barbara beatrice benjamin bernard beth bethany
  betty beverly bjorn bob bogdan bonnie boris bradley brandon brenda brian brianna bridget bruce caitlin camila carlos carmen carol carolina
  caroline catherine cecilia cedric celine charles charlie charlotte chen cheryl chloe chris christian christina christine christoph christopher
  claire clara claudia colin connor courtney craig crystal cynthia daniel daniela danielle danny david deborah debra denise dennis derek diana
  diane diego dieter dimitri dmitri dolores dominik donald donna doris dorothy douglas edith eduardo edward eileen eleanor elena elizabeth ella
  ellen emily emma emmanuel enrique eric erik erika ernest ernesto esther ethan eugene eva evan evelyn fatima felipe fernando fiona florian
  frances francesca francesco francis francisco francois frank franz fred frederick friedrich gabriel gabriela gary george gerald gerhard
  giovanni giulia gloria gonzalo gordon greg gregory greta guillermo gustavo hannah hans harold harry hassan heather heidi heinrich helen
  helena helga henry herbert hiroshi howard hussein ibrahim igor ines ingrid irene isaac isabel isabella ivan jacob jacqueline jacques jake james
  jamie jan jane janet janice jasmine jason javier jean jeff jeffrey jennifer jeremy jerry jessica jesus jim jimmy joan joanna joe johan johann
  johanna john johnny jonas jonathan jorge jose josef joseph joshua josé joyce juan judith judy julia julian julie jürgen justin kaitlyn karen
  karl katarzyna kate katharina katherine kathleen kathryn katie keith kelly kenneth kenji kevin khalid kimberly klaus kristen kristin kumar
  kurt kyle larry lars laura lauren lawrence leah lena leonard leonardo leslie liam linda lisa logan lorenzo louis louise lucas lucia lucy luigi
  luis lukas lydia lynn magdalena manuel marcel marco marcus margaret maria mariam marie marilyn mario marion martha martin mary maryam mateo
  matteo matthew matthias maureen maurice maxim megan mei melanie melissa mercedes michael michelle miguel mikhail mohamed mohammad mohammed
  monica monika muhammad nadia nancy natalia natalie natasha nathan nicholas nicolas nicole nikolai nina noah nora norma olga oliver olivia omar
  oscar pablo pamela patricia patrick paul paula pauline pavel pedro peggy peter petra philip philippe phillip phyllis pierre piotr priya rachel
  rafael rahul raj ralph ramon raquel raymond rebecca renate ricardo richard rita robert roberto rodrigo roger roland ronald rosa rosemary roxanne
  russell ruth ryan sabine salma samantha samuel sandra sanjay santiago sara sarah scott sean sebastian sergei sergio shannon sharon shirley
  simon simone sofia sofie sophia sophie stefan stefanie stephanie stephen steve steven stuart suresh susan susanne svetlana sven sylvia tamara
  tanya teresa theodore theresa thomas tiffany tim timothy tobias todd tom tracy tyler ursula valentina valerie vanessa veronica vicky victor
  victoria vijay vincent virginia vivian vladimir walter wanda wayne wendy werner wilhelm william wolfgang xavier yasmin yolanda yousef yuki
  yusuf yvonne zachary zainab zelda zoe`);

/** Given names that are words as well: a person only beside a surname. */
const GIVEN_OR_WORD =
  set(`angel art april august autumn bill brad brook carter chase christian christopher clay daisy dawn dean dick don drew earl
  faith frank gene grace grant guy hope hunter iris ivy jack jade jordan joy june kim lance lee lily mark mason matt max may miles nick olive pat
  penny pierce ray rich rob robin rod rose ruby sam sandy sky stone sue summer taylor terry victor violet wade will`);

const SURNAMES =
  set(`adams ahmed ali allen alvarez anderson andersson bailey baker barnes becker bennett bernard bianchi brooks brown bryant butler
  campbell carter castillo chang chavez chen cheng clark cohen coleman collins cooper cox cruz davis delgado diaz doe dubois dupont edwards
  eriksson evans fernandez ferrari fischer fisher flores foster fox garcia garcía gomez gonzales gonzalez gonzález gray green griffin gupta gutierrez hall
  hamilton hansen harris harrison hassan hayes henderson hernandez hernández herrera hill hoffmann howard huang hughes hussain hussein ibrahim
  ivanov ivanova jackson jansen jenkins jensen jiménez johansson johnson jones jordan kaur kelly khan kim king kowalski kumar larsson lee lewis
  li liu long lopez lópez martin martinez martínez mcdonald medina mendoza meyer miller mitchell mohammed moore morales moreno morgan morris
  müller mueller muller muñoz murphy murray myers nakamura nelson nguyen nielsen novak nowak olsen ortiz owens park parker patel patterson perez
  pérez perry peterson petrov petrova phillips powell price quux ramirez ramírez ramos reed reyes reynolds richardson rivera roberts robinson
  rodriguez rodríguez rogers romero rossi ruiz russell russo ryan sanchez sánchez sanders santos sato schmidt schmitz schneider schulz schwarz
  scott sharma silva simmons singh smirnov smith snyder stewart sullivan suzuki takahashi tanaka taylor thomas thompson torres tran turner
  vargas vasquez wagner walker wallace wang ward washington watanabe watson weber white williams wilson wong wood wright wu yamamoto yang young
  zhang zhao zhou zimmermann`);

/** Whether a word, in any case of letters, is a given name and nothing else. */
export function isGivenName(word: string): boolean {
  return GIVEN.has(word.toLowerCase());
}

/** Whether a word is a given name, or one that is a word as well. */
export function isPossibleGivenName(word: string): boolean {
  return GIVEN.has(word.toLowerCase()) || GIVEN_OR_WORD.has(word.toLowerCase());
}

/** Whether a word is a common surname, which may be an ordinary word as well. */
export function isSurname(word: string): boolean {
  return SURNAMES.has(word.toLowerCase()) || /^(?:O'|Mc|Mac)\p{Lu}/u.test(word);
}

function set(words: string): ReadonlySet<string> {
  return new Set(words.split(/\s+/));
}
