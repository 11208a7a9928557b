/**
 * The words that leaked passwords are made of most often: whole passwords, names, teams, keyboard walks, and words that
 * people take for a secret. Lower case, letters only: digits and signs are taken off before the look-up.
 */
const WORDS = `
  abc abcd abcde abcdef abcdefg abcdefgh abcabc access account ace action adam adidas admin administrator adobe adrian
  alex alexander alexandra alexis alice alicia allison alpha amanda amazon amber america american amigos anastasia
  andrea andrew android angel angela angelica angels animal anna anthony anything apache apollo apple apples april
  arsenal arthur asd asdf asdfg asdfgh asdfghj asdfghjk asdfghjkl asdasd ashley asshole athena august austin autumn
  azerty baby babygirl backup badboy bailey banana bandit barbara barcelona barney baseball basketball batman beach
  bear beautiful beaver benjamin berlin beyonce bigdaddy bigdog birdie biteme black blahblah blaster blessed blink
  blowfish blue bond booboo boomer boston brandon brandy braves brazil brian britney brooklyn brother bubba bubbles
  buddy buffalo bulldog business buster butterfly butthead calvin camaro cameron canada captain carlos carmen
  caroline casper cassie champion change changeme changeit charles charlie charlotte cheese chelsea cherry chester
  chicago chicken chocolate chris christian christine christmas christopher cisco claire claudia cloud coffee comet
  compaq computer connect contact cookie cookies cool cooper corvette correcthorsebatterystaple cowboy cowboys cream
  creative crystal cupcake customer daddy daisy dakota dallas daniel daniela danielle database david december default
  delta demo denver deskjet destiny developer devil diablo diamond diana disney doctor dolphin dolphins donald
  dragon dragonball dreams drowssap eagle eagles easy eclipse einstein elephant elizabeth eminem emily enter
  enterprise eric estrella ethan everton example extreme facebook falcon family fantasy father february felix ferrari
  fire fish flower flowers florida football forever formula france francis franklin freddy freedom friend friends
  friday fuckme fuckoff fuckyou fuck gabriel galaxy games gandalf garfield gateway gemini general genesis george
  german germany ghost giants gibson ginger giovanni godzilla golden goldfish golfer goodluck google gordon grace
  green guest guitar gunner hacker hallo hammer hannah happy harley harry hawaii heather heaven helena hello
  helloworld hellokitty help henry hockey hola holiday home homer honda honey hooters horses hottie house houston
  howard hunter hunting iceman iloveu iloveyou iloveyousomuch internet invalid isabella israel jackie jackson jaguar
  jake james january jasmine jason jasper jennifer jeremy jessica jessie jesus jesuschrist john johnny johnson
  jonathan jordan joseph joshua juice july june junior justin justinbieber karina katherine kathleen kawasaki
  kenneth kevin kicker killer kimberly king kitten kitty kristen ladybug lakers lauren leather legend lemein letmein
  letmeinnow letmeinplease liberty lifehack lincoln linkedin linux little liverpool login logitech london lorena
  loser love loveme lovely lover loveyou lucky lucy maggie magic manager manchester manchesterunited marcus maria
  marina marine mario marley marlboro martin marvin master matrix matthew maverick maximus melissa member mercedes
  merlin metallica mexico michael michelle mickey microsoft midnight miguel miller minecraft mitchell mobile
  mohammed molly monday money monika monkey monster moon morgan mother motorola mountain mouse muffin mustang
  myspace nascar natasha nathan naruto network newyork nicholas nicole nikita ninja nintendo nirvana nissan nobody
  november nothing number oblivion ocean october office oliver olivia omega onelove online open oracle orange orlando
  packers pakistan panda panther pantera paradise paris parker pass passcode passphrase passport passw passwd
  password passwort patrick paul peace peaches peanut pepper phoenix phantom picture pierre pirate player please
  poiuytrewq pokemon police pookie poop popcorn porsche portugal postgres power precious princess private prince
  princesa property purple pussy qazwsx qazwsxedc qwaszx qwe qwer qwert qwerty qwertyu qwertyui qwertyuio qwertyuiop
  qweasd qweasdzxc rabbit rachel raiders rainbow ranger rangers raymond realmadrid rebecca redsox redwings
  remember richard robert rocket rocky ronaldo root rosebud roses runner russia sabrina sakura salasana samantha
  sammy samsung samuel sandra sandy santiago sarah saturday saturn school scooby scooter scorpion scott secret
  secure security september serenity server service sexy shadow shannon shelby shithead shit shopping shorty
  sierra silver simple simpsons slayer slipknot smokey snickers snoopy snowball snowman soccer soleil sophie spanky
  sparky spartan spencer spider spiderman spring squirrel stanley star starwars startrek steelers stella stephanie
  steven stupid success summer sunday sunflower sunny sunshine super superman superstar superuser supervisor support
  suzuki sweet sweetie sweetheart sydney system target taylor teacher techno teddy tennis tequila teresa test tester
  testing testtest texas thebest theman thomas thunder thursday tiffany tiger tigers tigger time tinker titanic
  tomcat toyota training travis trinity trouble trustme trustno tucker turtle tweety twilight twitter tyler
  ultimate undertaker unicorn unknown user username vagina valentina vampire vanessa veronica victor victoria
  vikings vincent viper vision volcano volkswagen walter warcraft warrior webmaster wednesday welcome welcometo
  whatever william williams willow wilson windows winner winston winter wizard wolf wolverine world xavier xbox
  yamaha yankees yellow young your yourname yvonne zaq zaqwsx zaqxsw zombie zxc zxcv zxcvb zxcvbn zxcvbnm
`;

/** The words, each once. */
export const COMMON_WORDS: ReadonlySet<string> = new Set(WORDS.trim().split(/\s+/));
